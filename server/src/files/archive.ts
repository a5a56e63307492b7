/**
 * Streams a folder of the workspace as a zip: small files in batches, large ones in chunks. Symbolic links are omitted.
 */
import { Readable, type PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { extract } from "tar-stream";
import { ZipFile } from "yazl";
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";
import { readChunks } from "./content.ts";
import { nulFields } from "./list.ts";

export interface ArchiveOptions {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Include `.git`. */
  readonly git: boolean;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

interface FileEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedAt: Date;
}

/** Enough for the names of 50,000 files. */
const maxListBytes = 16 * 1024 * 1024;
/** Per call of tar; the names have to fit on its command line too. */
const batchBytes = 4 * 1024 * 1024;
const batchFiles = 200;
const tarBlock = 1024;

/**
 * Resolves once the files have been listed. Fails with `file_too_large`, `file_not_found`; later failures abort the
 * stream.
 */
export async function zipFolder(
  runtime: Runtime,
  options: ArchiveOptions,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const files = await findFiles(runtime, options, signal);
  const zip = new ZipFile();
  const output = zip.outputStream as PassThrough;
  const closed = new AbortController();
  const abort = AbortSignal.any([signal, closed.signal]);
  void addFiles(zip, runtime, options.path, files, abort).then(
    () => zip.end(),
    (error: unknown) => output.destroy(error as Error),
  );
  zip.on("error", (error: Error) => output.destroy(error));
  output.once("close", () => closed.abort());
  return Readable.toWeb(output) as ReadableStream<Uint8Array>;
}

async function addFiles(
  zip: ZipFile,
  runtime: Runtime,
  root: string,
  files: readonly FileEntry[],
  signal: AbortSignal,
): Promise<void> {
  for (const batch of batches(files)) {
    const contents = batch.length > 1 ? await readBatch(runtime, root, batch, signal) : undefined;
    for (const file of batch) {
      const attributes = { mtime: file.modifiedAt, mode: file.mode | 0o100000 };
      const content = contents?.get(file.name);
      if (content !== undefined) {
        zip.addBuffer(content, file.name, attributes);
        await drained(zip);
      } else if (contents === undefined) {
        const range = { start: 0, end: file.sizeBytes };
        const chunks = readChunks(runtime, `${root}/${file.name}`, range, signal);
        const bytes = Readable.from(chunks, { objectMode: false, signal });
        const finished = new Promise((resolve, reject) => bytes.once("close", resolve).once("error", reject));
        zip.addReadStream(bytes, file.name, attributes);
        // One at a time: every waiting stream would hold its first chunk in memory.
        await finished;
      }
    }
  }
}

/** Back-pressure: waits until the reader has caught up. */
async function drained(zip: ZipFile): Promise<void> {
  const out = zip.outputStream as PassThrough;
  while (out.readableLength + out.writableLength > batchBytes && !out.destroyed) await delay(5);
}

function* batches(files: readonly FileEntry[]): Generator<readonly FileEntry[]> {
  let batch: FileEntry[] = [];
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

/** Undefined if the files have grown meanwhile; deleted files are missing from the result. */
async function readBatch(
  runtime: Runtime,
  root: string,
  batch: readonly FileEntry[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const names = batch.map(({ name }) => `./${name}`);
  const argv = ["tar", "-C", root, "-cf", "-", "--no-recursion", "--hard-dereference", "--format=pax", "--", ...names];
  const maxTarBytes = 2 * batchBytes + batch.length * 4 * tarBlock;
  const { stdout, cut } = await runtime.spawn(argv, maxTarBytes, signal);
  if (cut) return undefined;
  const contents = new Map<string, Buffer>();
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
    contents.set(name.replace(/^\.\//, ""), Buffer.concat(parts));
  }
  return contents;
}

async function findFiles(
  runtime: Runtime,
  { path, git, maxBytes, maxFiles }: ArchiveOptions,
  signal: AbortSignal,
): Promise<readonly FileEntry[]> {
  const excludeGit = git ? [] : ["-name", ".git", "-prune", "-o"];
  const argv = ["find", `${path}/`, ...excludeGit, "-type", "f", "-readable", "-printf", "%s\\0%m\\0%T@\\0%P\\0"];
  const { stdout, exitCode, cut } = await runtime.spawn(argv, maxListBytes, signal);
  if (exitCode !== 0 && stdout.length === 0) throw new DeckhandError("file_not_found", "The folder does not exist.");
  const { fields } = nulFields(stdout);
  const files: FileEntry[] = [];
  let total = 0;
  for (let at = 0; at + 4 <= fields.length; at += 4) {
    const [size = "", mode = "", modified = "", name = ""] = fields.slice(at, at + 4);
    // A zip cannot hold names that are not valid UTF-8, and a backslash is a folder separator on Windows.
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
      `The folder has more than ${maxFiles} files or ${mib} MiB. Download one of its subfolders instead.`,
    );
  }
  return files;
}
