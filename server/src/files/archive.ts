/** The workspace as a zip, as it goes out: small files many at a time, large ones piece by piece. Links are left out. */
import { Readable, type PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { extract } from "tar-stream";
import { ZipFile } from "yazl";
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";
import { readChunks } from "./content.ts";
import { nulFields } from "./list.ts";

export interface ArchiveOptions {
  /** The folder, absolute. */
  readonly path: string;
  /** With what is in `.git` too. */
  readonly git: boolean;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

interface Found {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedAt: Date;
}

/** Names of files: 50,000 and more. */
const maxListBytes = 16 * 1024 * 1024;
/** Of one call of tar; its arguments have to fit too. */
const batchBytes = 4 * 1024 * 1024;
const batchFiles = 200;
const tarBlock = 1024;

/** Resolves when it is known what is in it. Fails with `file_too_large`, `file_not_found`; later failures break the stream off. */
export async function zipFolder(
  runtime: Runtime,
  options: ArchiveOptions,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const files = await findFiles(runtime, options, signal);
  const zip = new ZipFile();
  const output = zip.outputStream as PassThrough;
  const stopped = new AbortController();
  const both = AbortSignal.any([signal, stopped.signal]);
  void fill(zip, runtime, options.path, files, both).then(
    () => zip.end(),
    (error: unknown) => output.destroy(error as Error),
  );
  zip.on("error", (error: Error) => output.destroy(error));
  output.once("close", () => stopped.abort());
  return Readable.toWeb(output) as ReadableStream<Uint8Array>;
}

async function fill(
  zip: ZipFile,
  runtime: Runtime,
  root: string,
  files: readonly Found[],
  signal: AbortSignal,
): Promise<void> {
  for (const batch of batches(files)) {
    const got = batch.length > 1 ? await readBatch(runtime, root, batch, signal) : undefined;
    for (const file of batch) {
      const about = { mtime: file.modifiedAt, mode: file.mode | 0o100000 };
      const known = got?.get(file.name);
      if (known !== undefined) {
        zip.addBuffer(known, file.name, about);
        await drained(zip);
      } else if (got === undefined) {
        const range = { start: 0, end: file.sizeBytes };
        const pieces = readChunks(runtime, `${root}/${file.name}`, range, signal);
        const bytes = Readable.from(pieces, { objectMode: false, signal });
        const over = new Promise((resolve, reject) => bytes.once("close", resolve).once("error", reject));
        zip.addReadStream(bytes, file.name, about);
        // One after another: each that waits would hold its first piece.
        await over;
      }
    }
  }
}

/** What nobody has read yet is not added to. */
async function drained(zip: ZipFile): Promise<void> {
  const out = zip.outputStream as PassThrough;
  while (out.readableLength + out.writableLength > batchBytes && !out.destroyed) await delay(5);
}

function* batches(files: readonly Found[]): Generator<readonly Found[]> {
  let batch: Found[] = [];
  let size = 0;
  for (const file of files) {
    if (file.sizeBytes > batchBytes / 4) {
      yield [file];
      continue;
    }
    if (batch.length === batchFiles || size + file.sizeBytes > batchBytes) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(file);
    size += file.sizeBytes;
  }
  if (batch.length > 0) yield batch;
}

/** Undefined where they have grown meanwhile; what has gone is not in it. */
async function readBatch(
  runtime: Runtime,
  root: string,
  batch: readonly Found[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const names = batch.map(({ name }) => `./${name}`);
  const argv = ["tar", "-C", root, "-cf", "-", "--no-recursion", "--hard-dereference", "--format=pax", "--", ...names];
  const most = 2 * batchBytes + batch.length * 4 * tarBlock;
  const { stdout, cut } = await runtime.spawn(argv, most, signal);
  if (cut) return undefined;
  const got = new Map<string, Buffer>();
  const entries = extract();
  entries.end(stdout);
  for await (const entry of entries) {
    const { name, type } = entry.header;
    if (type !== "file") {
      entry.resume();
      continue;
    }
    const parts: Uint8Array[] = [];
    for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part);
    got.set(name.replace(/^\.\//, ""), Buffer.concat(parts));
  }
  return got;
}

async function findFiles(
  runtime: Runtime,
  { path, git, maxBytes, maxFiles }: ArchiveOptions,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const without = git ? [] : ["-name", ".git", "-prune", "-o"];
  const argv = ["find", `${path}/`, ...without, "-type", "f", "-readable", "-printf", "%s\\0%m\\0%T@\\0%P\\0"];
  const { stdout, exitCode, cut } = await runtime.spawn(argv, maxListBytes, signal);
  if (exitCode !== 0 && stdout.length === 0)
    throw new DeckhandError("file_not_found", "There is no folder of this name.");
  const { fields } = nulFields(stdout);
  const files: Found[] = [];
  let total = 0;
  for (let at = 0; at + 4 <= fields.length; at += 4) {
    const [size = "", mode = "", modified = "", name = ""] = fields.slice(at, at + 4);
    // No zip can have a name that is no UTF-8, or one that means a folder on another system.
    if (name.includes("\ufffd") || name.includes("\\")) continue;
    total += Number(size);
    files.push({
      name,
      sizeBytes: Number(size),
      mode: Number.parseInt(mode, 8) & 0o777,
      modifiedAt: new Date(Number(modified) * 1000),
    });
  }
  if (cut || files.length > maxFiles || total > maxBytes) {
    const mib = Math.round(maxBytes / 1024 / 1024);
    throw new DeckhandError(
      "file_too_large",
      `The folder has more than ${maxFiles} files or ${mib} MiB. Take one in it.`,
    );
  }
  return files;
}
