/** Bodies that are files. */
import type { Context } from "hono";
import { DeckhandError } from "@deckhand/protocol";
import { archiveTypes, fromArchive, fromForm, type IncomingFile, type IncomingLimits } from "../../files/incoming.ts";
import { safePath } from "../../files/safe-path.ts";
import type { UploadStore } from "../../files/uploads.ts";

export interface Incoming {
  readonly files: AsyncIterable<IncomingFile>;
  /** The body is one file, whose name stands in the query. */
  readonly isRaw: boolean;
}

export function bodyBytes(c: Context): AsyncIterable<Uint8Array> {
  return c.req.raw.body ?? ReadableStream.from<Uint8Array>([]);
}

/** A form, an archive, or one file. Fails with `bad_args`, as its files do. */
export function incomingFiles(
  c: Context,
  {
    uploads,
    fileLimits,
    rawName,
  }: {
    readonly uploads: Pick<UploadStore, "spool">;
    readonly fileLimits: IncomingLimits;
    readonly rawName: string;
  },
): Incoming {
  const type = c.req.header("Content-Type") ?? "";
  const bare = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (bare === "multipart/form-data") return { files: fromForm(bodyBytes(c), type), isRaw: false };
  if (Object.hasOwn(archiveTypes, bare)) {
    const kind = archiveTypes[bare as keyof typeof archiveTypes];
    const archive = { kind, body: bodyBytes(c), spool: uploads.spool(), maxBytes: fileLimits.maxBytes };
    return { files: fromArchive(archive), isRaw: false };
  }
  if (bare !== "application/octet-stream") {
    const types = ["multipart/form-data", "application/octet-stream", ...Object.keys(archiveTypes)];
    throw new DeckhandError("bad_args", `Files come as ${types.join(", ")}.`);
  }
  return { files: ReadableStream.from([{ path: safePath(rawName), bytes: bodyBytes(c) }]), isRaw: true };
}

/** All of it, or its beginning and what comes then. */
export async function readUpTo(
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

export async function* concat(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  yield first;
  if (rest !== undefined) yield* { [Symbol.asyncIterator]: () => rest };
}
