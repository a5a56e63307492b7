/** A file of the workspace as bytes: looked at, then read piece by piece, so that a large one is never held. */
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

export interface FileStat {
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Another one whenever the file is written, replaced or moved. Without quotes. */
  readonly tag: string;
}

/** Held at once of one file. */
export const chunkBytes = 4 * 1024 * 1024;

/** Undefined where there is nothing. Fails with `is_directory`, `file_failed` (a device, a pipe), `sandbox_unavailable`, `interrupted`. */
export async function statFile(runtime: Runtime, path: string, signal: AbortSignal): Promise<FileStat | undefined> {
  const argv = ["stat", "-L", "-c", "%f %s %.9Y %.9Z %i", "--", path];
  const { stdout, exitCode } = await runtime.spawn(argv, 4096, signal);
  if (exitCode !== 0) return undefined;
  const [mode = "", size = "", modified = "", changed = "", inode = ""] = Buffer.from(stdout)
    .toString("latin1")
    .trim()
    .split(" ");
  const kind = Number.parseInt(mode, 16) & 0o170000;
  if (kind === 0o040000) throw new DeckhandError("is_directory", "The path is a folder.");
  if (kind !== 0o100000) throw new DeckhandError("file_failed", "The path is no file.");
  const tag = [inode, size, modified, changed].map((part) => Number(part.replace(".", "")).toString(36)).join("-");
  return { sizeBytes: Number(size), modifiedAt: new Date(Number(modified) * 1000), tag };
}

/** The bytes from `start` up to, not including, `end`. Fails with `file_failed` where the file has become shorter. */
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
      throw new DeckhandError("file_failed", "The file has changed while it was read.");
    }
    yield stdout;
    at += count;
  }
}

/**
 * Writes what comes, whole or not at all: what fits in a piece as one write, more through a file beside the target. Returns its size.
 * Fails as `Runtime.writeFile` does.
 */
export async function writeChunks(
  runtime: Runtime,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const pieces = inPieces(bytes)[Symbol.asyncIterator]();
  const first = await pieces.next();
  let next = await pieces.next();
  const begin = first.done === true ? new Uint8Array() : first.value;
  if (next.done === true) {
    await runtime.writeFile(path, begin, signal);
    return begin.length;
  }
  const nonce = crypto.randomUUID();
  const [whole, piece] = [`${path}.${nonce}.new`, `${path}.${nonce}.piece`];
  const run = async (...argv: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await runtime.spawn(argv, 0, signal);
    if (exitCode !== 0)
      throw new DeckhandError("file_failed", `The file could not be written: ${stderr.trim().slice(0, 200)}`);
  };
  try {
    await runtime.writeFile(whole, begin, signal);
    let size = begin.length;
    for (; next.done !== true; next = await pieces.next()) {
      await runtime.writeFile(piece, next.value, signal);
      await run("/bin/sh", "-c", 'cat -- "$1" >>"$2"', "sh", piece, whole);
      size += next.value.length;
    }
    await run("mv", "-fT", "--", whole, path);
    return size;
  } finally {
    await runtime.spawn(["rm", "-f", "--", whole, piece], 0, AbortSignal.timeout(cleanMs)).catch(() => {});
  }
}

const cleanMs = 5000;

/** Of `chunkBytes` each but the last; copies, as what reads them keeps them. */
async function* inPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    for (let rest = chunk; rest.length > 0;) {
      const part = rest.subarray(0, chunkBytes - size);
      rest = rest.subarray(part.length);
      held.push(Uint8Array.from(part));
      size += part.length;
      if (size < chunkBytes) continue;
      yield Buffer.concat(held);
      [held, size] = [[], 0];
    }
  }
  if (size > 0) yield Buffer.concat(held);
}
