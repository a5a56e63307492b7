/** Saves a file of the workspace: short text as a `write` action of the user, everything else as an upload. */
import type { Context } from "hono";
import { DeckhandError, isAction } from "@deckhand/protocol";
import type { ConversationApi } from "../../conversation/api.ts";
import { statFile, writeChunks, type FileStat } from "../../files/content.ts";
import { withinBytes } from "../../files/incoming.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { parseTags } from "./download.ts";
import { bodyBytes } from "./upload.ts";

/** Text up to this size is logged in full, as a `write`. Larger files and binary ones are logged as uploads. */
const maxLoggedBytes = 256 * 1024;
const writeTimeoutMs = 60_000;

export interface SaveTarget {
  readonly conversation: ConversationApi;
  readonly runtime: Runtime;
  readonly path: string;
  readonly maxBytes: number;
}

/**
 * Honours `If-Match` and `If-None-Match`, so concurrent saves of a file have to be queued. Fails with `conflict`,
 * `exists`.
 */
export async function saveFile(
  c: Context,
  { conversation, runtime, path, maxBytes }: SaveTarget,
): Promise<{ readonly event: number; readonly stat: FileStat }> {
  const { signal } = c.req.raw;
  checkPreconditions(c, await statFile(runtime, path, signal));
  const { bytes, rest } = await readUpTo(withinBytes(bodyBytes(c), maxBytes), maxLoggedBytes);
  const text = rest === undefined ? decodeText(bytes) : undefined;
  let event: number;
  if (text === undefined) {
    const sizeBytes = await writeChunks(runtime, path, concat(bytes, rest), signal);
    event = (await conversation.uploaded([{ path: path.slice(runtime.workspace.length + 1), sizeBytes }])).id;
  } else event = await writeAsAction(conversation, path, text, signal);
  const stat = await statFile(runtime, path, signal);
  if (stat === undefined) {
    throw new DeckhandError("conflict", "The file was deleted while it was being saved.");
  }
  return { event, stat };
}

/** Writes the file as an action of the user, visible to all clients and the model. Resolves with the action's id. */
export async function writeAsAction(
  conversation: ConversationApi,
  path: string,
  content: string,
  signal: AbortSignal,
): Promise<number> {
  const { id } = await conversation.submit("write", { path, content });
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(writeTimeoutMs)]);
  for await (const event of conversation.follow(id, timeout)) {
    if (isAction(event) || event.cause !== id) continue;
    if (event.observation !== "error") return id;
    throw new DeckhandError(event.extras.code, event.content);
  }
  throw new DeckhandError("interrupted");
}

/** RFC 9110, 13.1.1 and 13.1.2. Fails with `conflict`, `exists`. */
function checkPreconditions(c: Context, current: FileStat | undefined): void {
  const match = c.req.header("If-Match");
  const noneMatch = c.req.header("If-None-Match");
  const isMatch = (tag: string): boolean => tag === "*" || tag === current?.tag;
  if (match !== undefined && (current === undefined || !parseTags(match).some(isMatch))) {
    throw new DeckhandError("conflict", "The file has changed since it was read. Read it again before saving.");
  }
  if (noneMatch === "*" && current !== undefined) {
    throw new DeckhandError("exists", "A file with this name already exists.");
  }
}

/** The whole body, or the first bytes beyond `maxBytes` together with an iterator over the rest. */
async function readUpTo(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly rest: AsyncIterator<Uint8Array> | undefined }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const rest = body[Symbol.asyncIterator]();
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size > maxBytes) return { bytes: Buffer.concat(chunks), rest };
  }
  return { bytes: Buffer.concat(chunks), rest: undefined };
}

async function* concat(first: Uint8Array, rest: AsyncIterator<Uint8Array> | undefined): AsyncGenerator<Uint8Array> {
  yield first;
  if (rest !== undefined) yield* { [Symbol.asyncIterator]: () => rest };
}

/** Undefined for binary content: invalid UTF-8, or text with a NUL. */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
