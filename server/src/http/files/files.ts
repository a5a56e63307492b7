/** `/api/conversations/:id/…`: the files of its workspace. All access goes through the conversation's sandbox. */
import type { Context, Hono } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";
import { KeyedQueue } from "../../async/keyed-queue.ts";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { zipFolder } from "../../files/archive.ts";
import { statFile } from "../../files/content.ts";
import { findFiles } from "../../files/find.ts";
import { withinLimits, type IncomingLimits } from "../../files/incoming.ts";
import { listFolder } from "../../files/list.ts";
import type { UploadStore } from "../../files/uploads.ts";
import { workspacePath } from "../../files/workspace-path.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { parseQuery } from "../input.ts";
import { sendFile } from "./download.ts";
import { saveFile } from "./save.ts";
import { incomingFiles, storeFiles } from "./upload.ts";

export interface FileRoutesOptions {
  readonly conversations: ConversationsApi;
  readonly uploads: UploadStore;
  /** Limits of an upload and of an archive. */
  readonly fileLimits: IncomingLimits;
}

const listQuery = z.object({
  path: z.string().default(""),
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
});
const findQuery = z.object({
  text: z.string().min(1).max(200),
  in: z.enum(["names", "content"]).default("names"),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const fileQuery = z.object({ path: z.string().min(1) });
const uploadQuery = z.object({ path: z.string().default("") });
const archiveQuery = z.object({ path: z.string().default(""), git: z.stringbool().default(false) });

/** Files listed in the response to an upload; the count covers all. */
const maxListedFiles = 100;

export function fileRoutes(app: Hono, { conversations, uploads, fileLimits }: FileRoutesOptions): void {
  /** Saves of one conversation are queued, so that no other save comes between checking the tag and writing. */
  const saves = new KeyedQueue();

  app.get("/api/conversations/:id/files", async (c) => {
    const { path, after, limit } = parseQuery(c, listQuery);
    const { runtime } = await opened(c);
    const folder = await workspacePath(runtime, path, c.req.raw.signal);
    return c.json(await listFolder(runtime, { path: folder, after, limit }, c.req.raw.signal));
  });

  app.get("/api/conversations/:id/find", async (c) => {
    const { text, in: within, limit } = parseQuery(c, findQuery);
    const { runtime } = await opened(c);
    return c.json(await findFiles(runtime, { text, within, limit }, c.req.raw.signal));
  });

  app.get("/api/conversations/:id/file", async (c) => {
    const { runtime } = await opened(c);
    const path = await workspacePath(runtime, parseQuery(c, fileQuery).path, c.req.raw.signal);
    const stat = await statFile(runtime, path, c.req.raw.signal);
    if (stat === undefined) throw new DeckhandError("file_not_found", "File not found.");
    return sendFile(c, runtime, path, stat);
  });

  app.put("/api/conversations/:id/file", async (c) => {
    const { conversation, runtime } = await opened(c);
    const { signal } = c.req.raw;
    const path = await workspacePath(runtime, parseQuery(c, fileQuery).path, signal);
    const target = { conversation, runtime, path, maxBytes: fileLimits.maxBytes };
    const { event, stat } = await saves.run(conversation.id, () => saveFile(c, target), signal);
    c.header("ETag", `"${stat.tag}"`);
    return c.json({ path, size_bytes: stat.sizeBytes, event }, 200);
  });

  app.post("/api/conversations/:id/upload", async (c) => {
    const { path } = parseQuery(c, uploadQuery);
    const { conversation, runtime } = await opened(c);
    const { files, isRaw } = incomingFiles(c, { uploads, fileLimits, rawName: path });
    const folder = isRaw ? "." : path;
    const incoming = withinLimits(files, fileLimits);
    const { stored, event } = await storeFiles(conversation, runtime, folder, incoming, c.req.raw.signal);
    const sizeBytes = stored.reduce((sum, file) => sum + file.sizeBytes, 0);
    const listed = stored.slice(0, maxListedFiles).map((file) => ({ path: file.path, size_bytes: file.sizeBytes }));
    return c.json({ files: listed, count: stored.length, size_bytes: sizeBytes, event }, 201);
  });

  app.get("/api/conversations/:id/archive", async (c) => {
    const { path, git } = parseQuery(c, archiveQuery);
    const { runtime } = await opened(c);
    const folder = await workspacePath(runtime, path, c.req.raw.signal);
    const zip = await zipFolder(runtime, { path: folder, git, ...fileLimits }, c.req.raw.signal);
    return c.body(zip, 200, {
      "Content-Type": "application/zip",
      "Content-Disposition": `attachment; filename="workspace.zip"`,
    });
  });

  app.post("/api/uploads", async (c) => {
    const { files } = incomingFiles(c, { uploads, fileLimits, rawName: c.req.query("path") ?? "" });
    const { id, files: count, sizeBytes, expiresAt } = await uploads.store(files);
    return c.json({ id, files: count, size_bytes: sizeBytes, expires_at: expiresAt }, 201);
  });

  async function opened(c: Context): Promise<{ readonly conversation: ConversationApi; readonly runtime: Runtime }> {
    const conversation = await existingConversation(conversations, c.req.param("id") ?? "");
    return { conversation, runtime: await conversation.runtime() };
  }
}
