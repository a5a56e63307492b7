/** `/api/conversations/:id/…`: the files of its workspace. Whatever is done is done in the conversation's sandbox. */
import { posix } from "node:path";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { DeckhandError, isAction, type ErrorCode } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi, UploadedFile } from "../../conversation/api.ts";
import { zipFolder } from "../../files/archive.ts";
import { statFile, readChunks, writeChunks, type FileStat } from "../../files/content.ts";
import { withinBytes, withinLimits, type IncomingFile, type IncomingLimits } from "../../files/incoming.ts";
import { findFiles } from "../../files/find.ts";
import { listFolder } from "../../files/list.ts";
import { shown } from "../../files/safe-path.ts";
import type { UploadStore } from "../../files/uploads.ts";
import { workspacePath } from "../../files/workspace-path.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { bodyBytes, incomingFiles, concat, readUpTo } from "./bodies.ts";
import { parseRange } from "./range.ts";
import { contentHeaders } from "./content-type.ts";
import { parseQuery } from "../input.ts";

export interface FileRoutesOptions {
  readonly conversations: ConversationsApi;
  readonly uploads: UploadStore;
  /** Of an upload and of an archive. */
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

/** A text up to this long is a `write` in the log; what is longer, or no text, is told there as an upload. */
const mostLoggedBytes = 256 * 1024;
const writeMs = 60_000;

export function fileRoutes(app: Hono, { conversations, uploads, fileLimits }: FileRoutesOptions): void {
  /** Of one conversation one at a time: between a look at the tag and the write nobody else writes here. */
  const writing = new Map<string, Promise<unknown>>();

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
    const facts = await statFile(runtime, path, c.req.raw.signal);
    if (facts === undefined) throw new DeckhandError("file_not_found", "There is no file of this name.");
    return sendFile(c, runtime, path, facts);
  });

  app.put("/api/conversations/:id/file", async (c) => {
    const { conversation, runtime } = await opened(c);
    const path = await workspacePath(runtime, parseQuery(c, fileQuery).path, c.req.raw.signal);
    const { id } = conversation;
    const before = writing.get(id) ?? Promise.resolve();
    const written = before.then(() => put(c, { conversation, runtime, path, maxBytes: fileLimits.maxBytes }));
    const settled = written.catch(() => {});
    writing.set(id, settled);
    void settled.then(() => writing.get(id) === settled && writing.delete(id));
    const { event, facts } = await written;
    c.header("ETag", `"${facts.tag}"`);
    return c.json({ path, size_bytes: facts.sizeBytes, event }, 200);
  });

  app.post("/api/conversations/:id/upload", async (c) => {
    const { path } = parseQuery(c, uploadQuery);
    const { conversation, runtime } = await opened(c);
    const files = incomingFiles(c, { uploads, fileLimits, rawName: path });
    const target = files.isRaw ? "." : path;
    const { stored, event } = await storeFiles(
      conversation,
      runtime,
      target,
      withinLimits(files.files, fileLimits),
      c.req.raw.signal,
    );
    const sizeBytes = stored.reduce((sum, file) => sum + file.sizeBytes, 0);
    const named = stored.slice(0, 100).map((file) => ({ path: file.path, size_bytes: file.sizeBytes }));
    return c.json({ files: named, count: stored.length, size_bytes: sizeBytes, event }, 201);
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
    const id = c.req.param("id") ?? "";
    if (!(await conversations.exists(id))) throw new DeckhandError("unknown_conversation");
    const conversation = await conversations.open(id);
    return { conversation, runtime: await conversation.runtime() };
  }
}

/** Stores files one after another below a folder of the workspace. What came before a failure stays, and is told. */
export async function storeFiles(
  conversation: ConversationApi,
  runtime: Runtime,
  folder: string,
  files: AsyncIterable<IncomingFile>,
  signal: AbortSignal,
): Promise<{ readonly stored: readonly UploadedFile[]; readonly event: number }> {
  const stored: UploadedFile[] = [];
  try {
    for await (const { path, bytes } of files) {
      try {
        const target = await workspacePath(runtime, posix.join(folder, path), signal);
        const sizeBytes = await writeChunks(runtime, target, bytes, signal);
        stored.push({ path: target.slice(runtime.workspace.length + 1), sizeBytes });
      } catch (error) {
        throw error instanceof DeckhandError
          ? new DeckhandError(error.code, `${shown(path)}: ${error.message}`)
          : error;
      }
    }
  } finally {
    if (stored.length > 0) await conversation.uploaded(stored);
  }
  if (stored.length === 0) throw new DeckhandError("bad_args", "There is no file in it.");
  return { stored, event: conversation.state.head };
}

interface Put {
  readonly conversation: ConversationApi;
  readonly runtime: Runtime;
  readonly path: string;
  readonly maxBytes: number;
}

async function put(
  c: Context,
  { conversation, runtime, path, maxBytes }: Put,
): Promise<{ readonly event: number; readonly facts: FileStat }> {
  const { signal } = c.req.raw;
  const now = await statFile(runtime, path, signal);
  refuseChanged(c, now);
  const { bytes, rest } = await readUpTo(withinBytes(bodyBytes(c), maxBytes), mostLoggedBytes);
  const text = rest === undefined ? asText(bytes) : undefined;
  let event: number;
  if (text === undefined) {
    const sizeBytes = await writeChunks(runtime, path, concat(bytes, rest), signal);
    event = (await conversation.uploaded([{ path: path.slice(runtime.workspace.length + 1), sizeBytes }])).id;
  } else event = await writeAsAction(conversation, path, text, signal);
  const facts = await statFile(runtime, path, signal);
  if (facts === undefined)
    throw new DeckhandError("conflict", "The file was removed by somebody else in the same moment.");
  return { event, facts };
}

/** As an action of the user: so it is seen by everybody, the model too. Resolves with its id. */
export async function writeAsAction(
  conversation: ConversationApi,
  path: string,
  content: string,
  signal: AbortSignal,
): Promise<number> {
  const { id } = await conversation.submit("write", { path, content });
  const over = AbortSignal.any([signal, AbortSignal.timeout(writeMs)]);
  for await (const event of conversation.follow(id, over)) {
    if (isAction(event) || event.cause !== id) continue;
    if (event.observation !== "error") return id;
    throw new DeckhandError(event.extras.code satisfies ErrorCode, event.content);
  }
  throw new DeckhandError("interrupted");
}

/** RFC 9110, 13.1.1 and 13.1.2. Fails with `conflict`. */
function refuseChanged(c: Context, now: FileStat | undefined): void {
  const match = c.req.header("If-Match");
  const none = c.req.header("If-None-Match");
  if (match !== undefined && (now === undefined || !tagsOf(match).some((tag) => tag === "*" || tag === now.tag))) {
    throw new DeckhandError("conflict", "The file is not what it was: somebody has changed it. Read it again.");
  }
  if (none === "*" && now !== undefined) throw new DeckhandError("conflict", "There is a file of this name already.");
}

async function sendFile(c: Context, runtime: Runtime, path: string, facts: FileStat): Promise<Response> {
  const { signal } = c.req.raw;
  c.header("ETag", `"${facts.tag}"`);
  c.header("Last-Modified", facts.modifiedAt.toUTCString());
  c.header("Accept-Ranges", "bytes");
  if (tagsOf(c.req.header("If-None-Match") ?? "").includes(facts.tag)) return c.body(null, 304);
  const ifRange = c.req.header("If-Range");
  const wanted = ifRange === undefined || tagsOf(ifRange).includes(facts.tag) ? c.req.header("Range") : undefined;
  const range = parseRange(wanted, facts.sizeBytes);
  if (range === "unsatisfiable") {
    c.header("Content-Range", `bytes */${facts.sizeBytes}`);
    return c.body(null, 416);
  }
  const { start, end } = range ?? { start: 0, end: facts.sizeBytes };
  const first = { start: 0, end: Math.min(facts.sizeBytes, 4096) };
  const { value: head = new Uint8Array() } = await readChunks(runtime, path, first, signal).next();
  for (const [name, value] of Object.entries(contentHeaders(path, head))) c.header(name, value);
  c.header("Content-Length", String(end - start));
  if (range !== undefined) c.header("Content-Range", `bytes ${start}-${end - 1}/${facts.sizeBytes}`);
  return c.body(
    ReadableStream.from(readChunks(runtime, path, { start, end }, signal)),
    range === undefined ? 200 : 206,
  );
}

function tagsOf(header: string): readonly string[] {
  return header.split(",").map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, "$1"));
}

/** Undefined for what is no text: no UTF-8, or with a NUL. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
