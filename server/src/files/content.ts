/** Workspace files as bytes, read and written in chunks, so that a large file is never held in memory. */
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

export interface FileStat {
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** For ETags, without quotes: changes whenever the file is written, replaced or moved. */
  readonly tag: string;
}

/** The most that is held of one file. */
export const chunkBytes = 4 * 1024 * 1024;

/**
 * Undefined if the path does not exist. Fails with `is_directory`, `file_failed` (a device, a pipe),
 * `sandbox_unavailable`, `interrupted`.
 */
export async function statFile(runtime: Runtime, path: string, signal: AbortSignal): Promise<FileStat | undefined> {
  const argv = ["stat", "-L", "-c", "%f %s %.9Y %.9Z %i", "--", path];
  const { stdout, exitCode } = await runtime.spawn(argv, 4096, signal);
  if (exitCode === statFailed) return undefined;
  // It was killed or could not be started, which says nothing about the file.
  if (exitCode !== 0) throw new DeckhandError("file_failed", "The file could not be examined. Try again.");
  const [mode = "", size = "", modified = "", changed = "", inode = ""] = Buffer.from(stdout)
    .toString("latin1")
    .trim()
    .split(" ");
  const kind = Number.parseInt(mode, 16) & 0o170000;
  if (kind === 0o040000) throw new DeckhandError("is_directory", "The path is a folder.");
  if (kind !== 0o100000) throw new DeckhandError("file_failed", "The path is not a regular file.");
  const tag = [inode, size, modified, changed].map((part) => Number(part.replace(".", "")).toString(36)).join("-");
  return { sizeBytes: Number(size), modifiedAt: new Date(Number(modified) * 1000), tag };
}

/**
 * The bytes from `start` up to, but not including, `end`. Fails with `file_failed` if the file has been truncated
 * meanwhile.
 */
export async function* readChunks(
  runtime: Runtime,
  path: string,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    const count = Math.min(chunkBytes, end - at);
    const flags = ["iflag=skip_bytes,count_bytes,fullblock", "status=none"];
    const argv = ["dd", `if=${path}`, "bs=256K", `skip=${at}`, `count=${count}`, ...flags];
    const { stdout, exitCode } = await runtime.spawn(argv, count, signal);
    if (exitCode !== 0 || stdout.length !== count) {
      throw new DeckhandError("file_failed", "The file changed while it was being read.");
    }
    yield stdout;
    at += count;
  }
}

/**
 * Writes the whole file or nothing and returns its size: in one write if it fits into a chunk, otherwise to a temporary
 * file next to the target, which is renamed. Fails as `Runtime.writeFile` does.
 */
export async function writeChunks(
  runtime: Runtime,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const chunks = inChunks(bytes)[Symbol.asyncIterator]();
  const first = await chunks.next();
  let next = await chunks.next();
  const head = first.done === true ? new Uint8Array() : first.value;
  if (next.done === true) {
    await runtime.writeFile(path, head, signal);
    return head.length;
  }
  const nonce = crypto.randomUUID();
  const [partial, chunkFile] = [`${path}.${nonce}.new`, `${path}.${nonce}.chunk`];
  const run = async (...argv: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await runtime.spawn(argv, 0, signal);
    if (exitCode !== 0)
      throw new DeckhandError("file_failed", `The file could not be written: ${stderr.trim().slice(0, 200)}`);
  };
  try {
    await runtime.writeFile(partial, head, signal);
    let size = head.length;
    for (; next.done !== true; next = await chunks.next()) {
      await runtime.writeFile(chunkFile, next.value, signal);
      await run("/bin/sh", "-c", 'cat -- "$1" >>"$2"', "sh", chunkFile, partial);
      size += next.value.length;
    }
    await run("mv", "-fT", "--", partial, path);
    return size;
  } finally {
    await runtime.spawn(["rm", "-f", "--", partial, chunkFile], 0, AbortSignal.timeout(cleanupMs)).catch(() => {});
  }
}

const cleanupMs = 5000;
/** Exit code of `stat` for a file that does not exist or cannot be reached. */
const statFailed = 1;

/** Regroups into chunks of `chunkBytes`. They are copies, because the source reuses its buffers. */
async function* inChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    for (let rest = chunk; rest.length > 0;) {
      const part = rest.subarray(0, chunkBytes - size);
      rest = rest.subarray(part.length);
      parts.push(Uint8Array.from(part));
      size += part.length;
      if (size < chunkBytes) continue;
      yield Buffer.concat(parts);
      [parts, size] = [[], 0];
    }
  }
  if (size > 0) yield Buffer.concat(parts);
}
