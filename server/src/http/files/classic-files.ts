/**
 * File requests of the OpenHands 0.9–0.14 web UI, as recorded from 0.9.8 and 0.14.3. The token that the client's socket
 * received identifies the conversation. Saved files are written exactly; OpenHands added a newline each time.
 */
import { posix } from "node:path";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { DeckhandError, type FileEntry } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { zipFolder } from "../../files/archive.ts";
import { fromForm, fromArchive, withinLimits, classicFileName, type IncomingLimits } from "../../files/incoming.ts";
import { listFolder } from "../../files/list.ts";
import type { UploadStore } from "../../files/uploads.ts";
import { workspacePath } from "../../files/workspace-path.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { createClassicTokens } from "../../wire/classic-token.ts";
import { imageType } from "./content-type.ts";
import { writeAsAction } from "./save.ts";
import { bodyBytes, storeFiles } from "./upload.ts";
import { parseBody } from "../input.ts";

interface ClassicFilesOptions {
  readonly conversations: ConversationsApi;
  readonly uploads: UploadStore;
  readonly fileLimits: IncomingLimits;
  readonly jwtSecret: string;
}

interface Session {
  readonly conversation: ConversationApi;
  readonly runtime: Runtime;
}

const saveBody = z.object({ filePath: z.string().min(1), content: z.string() });
const maxOpenBytes = 16 * 1024 * 1024;
/** Its file tree loads a folder in one request. */
const maxEntries = 5000;
const hiddenNames = new Set([".git", ".DS_Store", "node_modules", "__pycache__"]);

export function classicFileRoutes(app: Hono, options: ClassicFilesOptions): void {
  const { conversations, uploads, fileLimits } = options;
  const tokens = createClassicTokens(options.jwtSecret);

  app.get("/api/list-files", (c) =>
    withSession(
      c,
      (message) => c.json({ error: `Error listing files: ${message}` }, 500),
      async ({ runtime }) => {
        const path = c.req.query("path") ?? "";
        const folder = await workspacePath(runtime, path, c.req.raw.signal);
        const page = { path: folder, after: undefined, limit: maxEntries };
        const listing = await listFolder(runtime, page, c.req.raw.signal).catch((error: unknown) => {
          if (error instanceof DeckhandError && error.code === "file_not_found") return { entries: [] };
          throw error;
        });
        const prefix = path === "" ? "" : `${path.replace(/\/+$/, "")}/`;
        return c.json(namesOf(listing.entries).map((name) => prefix + name));
      },
    ),
  );

  app.get("/api/select-file", (c) =>
    withSession(
      c,
      (message) => c.json({ error: `Error opening file: ${message}` }, 500),
      async ({ runtime }) => {
        const file = c.req.query("file");
        if (file === undefined || file === "")
          return c.json({ detail: [{ loc: ["query", "file"], msg: "field required" }] }, 422);
        const { data } = await runtime.readFile(
          await workspacePath(runtime, file, c.req.raw.signal),
          maxOpenBytes,
          c.req.raw.signal,
        );
        const type = imageType(data) ?? typeByName(file);
        if (type !== undefined) return c.json({ code: `data:${type};base64,${Buffer.from(data).toString("base64")}` });
        return c.json({ code: new TextDecoder().decode(data) });
      },
    ),
  );

  app.post("/api/save-file", (c) =>
    withSession(
      c,
      (message) => c.json({ detail: `Error saving file: ${message}` }, 500),
      async ({ conversation, runtime }) => {
        const { filePath, content } = await parseBody(c, saveBody);
        const { signal } = c.req.raw;
        await writeAsAction(conversation, await workspacePath(runtime, filePath, signal), content, signal);
        return c.json({ message: "File saved successfully" });
      },
    ),
  );

  app.post("/api/upload-files", (c) =>
    withSession(
      c,
      (message) => c.json({ error: message, uploaded_files: [], skipped_files: [] }, 500),
      async ({ conversation, runtime }) => {
        const { signal } = c.req.raw;
        const form = fromForm(bodyBytes(c), c.req.header("Content-Type") ?? "", classicFileName);
        const names: string[] = [];
        async function* unpacked(): ReturnType<typeof withinLimits> {
          for await (const file of withinLimits(form, fileLimits)) {
            names.push(file.path);
            if (!/\.zip$/i.test(file.path)) yield file;
            else {
              const { maxBytes } = fileLimits;
              const packed = { kind: "zip" as const, body: file.bytes, spool: uploads.spool(), maxBytes };
              yield* withinLimits(fromArchive(packed), fileLimits);
            }
          }
        }
        await storeFiles(conversation, runtime, ".", unpacked(), signal);
        return c.json({ message: "File upload process completed", uploaded_files: names, skipped_files: [] });
      },
    ),
  );

  app.get("/api/zip-directory", (c) =>
    withSession(
      c,
      () => c.json({ error: "Failed to zip workspace" }, 500),
      async ({ runtime }) => {
        const zip = await zipFolder(runtime, { path: runtime.workspace, git: true, ...fileLimits }, c.req.raw.signal);
        return c.body(zip, 200, {
          "Content-Type": "application/x-zip-compressed",
          "Content-Disposition": 'attachment; filename="workspace.zip"',
        });
      },
    ),
  );

  /** `failed` builds the response to any failure, as the OpenHands server did. */
  async function withSession(
    c: Context,
    failed: (message: string) => Response,
    respond: (session: Session) => Promise<Response>,
  ): Promise<Response> {
    const header = c.req.header("Authorization");
    if (header === undefined) return c.json({ error: "Missing Authorization header" }, 401);
    const id = await tokens.verify(header.replace(/^Bearer +/i, ""));
    if (id === undefined) return c.json({ error: "Invalid token" }, 401);
    if (!(await conversations.exists(id))) return c.json({ error: "Session not found" }, 404);
    try {
      const conversation = await conversations.open(id);
      return await respond({ conversation, runtime: await conversation.runtime() });
    } catch (error) {
      if (!(error instanceof DeckhandError)) throw error;
      return failed(error.message);
    }
  }
}

/** Folders first, with a trailing slash; each group sorted case-insensitively. */
function namesOf(entries: readonly FileEntry[]): readonly string[] {
  const visible = entries.filter(({ name, ignored }) => !ignored && !hiddenNames.has(name));
  const isFolder = ({ type, target_type: target }: FileEntry): boolean => type === "folder" || target === "folder";
  const sorted = (names: readonly string[]): readonly string[] =>
    names.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return [
    ...sorted(visible.filter(isFolder).map(({ name }) => `${name}/`)),
    ...sorted(visible.filter((entry) => !isFolder(entry)).map(({ name }) => name)),
  ];
}

/** Types that its viewer shows besides images. A data URL runs no code. */
function typeByName(file: string): string | undefined {
  const types: Readonly<Record<string, string>> = {
    ".bmp": "image/bmp",
    ".pdf": "application/pdf",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".ogg": "video/ogg",
  };
  return types[posix.extname(file).toLowerCase()];
}
