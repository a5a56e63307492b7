/**
 * Uploaded files from forms and archives, one at a time: each must be read or skipped before the next one is available.
 */
import { open, unlink, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Busboy, type BusboyInstance } from "@fastify/busboy";
import { extract } from "tar-stream";
import { fromFd, type Entry, type ZipFile } from "yauzl";
import { DeckhandError } from "@deckhand/protocol";
import { safePath } from "./safe-path.ts";

export interface IncomingFile {
  /** Relative and validated. */
  readonly path: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface IncomingLimits {
  readonly maxFiles: number;
  /** Total size of all files after unpacking. */
  readonly maxBytes: number;
}

export const archiveTypes = {
  "application/zip": "zip",
  "application/x-zip-compressed": "zip",
  "application/x-tar": "tar",
  "application/gzip": "tgz",
  "application/x-gzip": "tgz",
} as const;
export type ArchiveKind = (typeof archiveTypes)[keyof typeof archiveTypes];

/** Enforces the limits over all files together. Fails with `file_too_large`. */
export async function* withinLimits(
  files: AsyncIterable<IncomingFile>,
  { maxFiles, maxBytes }: IncomingLimits,
): AsyncGenerator<IncomingFile> {
  let count = 0;
  const budget = { remaining: maxBytes, max: maxBytes };
  for await (const { path, bytes } of files) {
    count += 1;
    if (count > maxFiles) throw new DeckhandError("file_too_large", `An upload can have at most ${maxFiles} files.`);
    yield { path, bytes: counted(bytes, budget) };
  }
}

/** Fails with `file_too_large` when there is more. */
export function withinBytes(bytes: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Uint8Array> {
  return counted(bytes, { remaining: maxBytes, max: maxBytes });
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  budget: { remaining: number; readonly max: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    budget.remaining -= chunk.byteLength;
    if (budget.remaining < 0) {
      throw new DeckhandError(
        "file_too_large",
        `An upload can have at most ${Math.round(budget.max / 1024 / 1024)} MiB.`,
      );
    }
    yield chunk;
  }
}

/**
 * The files of a multipart form (RFC 7578): every part with a file name. Other fields are ignored. Fails with
 * `bad_args`.
 */
export async function* fromForm(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  pathOf: (name: string) => string = safePath,
): AsyncGenerator<IncomingFile> {
  let form: BusboyInstance;
  try {
    form = new Busboy({
      headers: { "content-type": contentType },
      preservePath: true,
      limits: { fieldSize: 64 * 1024 },
    });
  } catch (error) {
    throw new DeckhandError("bad_args", `The form could not be parsed: ${(error as Error).message}.`);
  }
  const waiting: { readonly name: string; readonly stream: Readable }[] = [];
  let wake = (): void => {};
  let finished = false;
  let failure: Error | undefined;
  form.on("file", (_field, stream, name) => {
    // An unread stream applies back-pressure to the form; an unhandled `error` event would end the process.
    stream.on("error", () => {});
    waiting.push({ name, stream });
    wake();
  });
  const end = (error: Error): void => {
    failure ??= error;
    finished = true;
    for (const { stream } of waiting) stream.destroy(new Error("the form ended"));
    wake();
  };
  form.on("error", (error: unknown) =>
    end(new DeckhandError("bad_args", `The form could not be parsed: ${String(error)}`)),
  );
  form.on("finish", () => {
    finished = true;
    wake();
  });
  const source = Readable.from(body);
  source.on("error", (error) => {
    end(error);
    form.destroy();
  });
  source.pipe(form);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        if (next.name === "") next.stream.resume();
        else yield { path: pathOf(next.name), bytes: next.stream };
        if (!next.stream.readableEnded) next.stream.resume();
      } else if (failure !== undefined) throw failure;
      else if (finished) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    source.destroy();
    form.destroy();
  }
}

export interface Archive {
  readonly kind: ArchiveKind;
  readonly body: AsyncIterable<Uint8Array>;
  /** Path of a temporary file, for formats whose index is at the end. It must not exist. */
  readonly spool: string;
  /** Limit for the archive and for its unpacked content. */
  readonly maxBytes: number;
}

/** Only regular files are unpacked; folders, links and devices are skipped. Fails with `bad_args`, `file_too_large`. */
export function fromArchive(archive: Archive): AsyncIterable<IncomingFile> {
  return archive.kind === "zip" ? fromZip(archive) : fromTar(archive);
}

async function* fromTar({ kind, body, maxBytes }: Archive): AsyncGenerator<IncomingFile> {
  const entries = extract();
  const source = Readable.from(withinBytes(body, maxBytes));
  const unzipped = kind === "tgz" ? source.pipe(createGunzip()) : source;
  // A small archive may unpack to a lot of data that belongs to none of its files.
  const plain = Readable.from(withinBytes(unzipped as AsyncIterable<Uint8Array>, 2 * maxBytes));
  for (const stream of [source, unzipped, plain]) stream.on("error", (error) => entries.destroy(error));
  plain.pipe(entries);
  try {
    for await (const entry of entries) {
      const { type, name } = entry.header;
      if (type === "file" || type === "contiguous-file") {
        yield { path: safePath(name), bytes: entry as AsyncIterable<Uint8Array> };
      }
      entry.resume();
    }
  } catch (error) {
    throw asBadArchive(error);
  } finally {
    for (const stream of [source, unzipped, plain]) stream.destroy();
  }
}

async function* fromZip({ body, spool, maxBytes }: Archive): AsyncGenerator<IncomingFile> {
  await using file = await open(spool, "wx+", 0o600);
  await unlink(spool);
  for await (const chunk of withinBytes(body, maxBytes)) await file.writeFile(chunk);
  try {
    const zip = await openZip(file);
    for (let entry = await nextEntry(zip); entry !== undefined; entry = await nextEntry(zip)) {
      if (!isFile(entry)) continue;
      yield { path: safePath(entry.fileName), bytes: await contentOf(zip, entry) };
    }
  } catch (error) {
    throw asBadArchive(error);
  }
}

function openZip({ fd }: FileHandle): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromFd(fd, { lazyEntries: true, autoClose: false, strictFileNames: true }, (error, zip) =>
      error === null ? resolve(zip) : reject(error),
    );
  });
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      zip.removeAllListeners("entry");
      zip.removeAllListeners("end");
      zip.removeAllListeners("error");
    };
    zip.once("entry", (entry: Entry) => (done(), resolve(entry)));
    zip.once("end", () => (done(), resolve(undefined)));
    zip.once("error", (error: unknown) => (done(), reject(error as Error)));
    zip.readEntry();
  });
}

/** Not a folder and, by its Unix mode, not a link or device. */
function isFile(entry: Entry): boolean {
  const type = (entry.externalFileAttributes >>> 16) & 0o170000;
  return !entry.fileName.endsWith("/") && (type === 0 || type === 0o100000);
}

function contentOf(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error)));
  });
}

function asBadArchive(error: unknown): unknown {
  if (error instanceof DeckhandError) return error;
  return new DeckhandError("bad_args", `The archive could not be unpacked: ${(error as Error).message}.`, {
    cause: error,
  });
}

/** The file name rule of OpenHands 0.9–0.14: the last path component, reduced to letters, digits and `_.-`. */
export function classicFileName(given: string): string {
  const name = basename(given.replaceAll("\\", "/"))
    .replaceAll(/[^\p{L}\p{N}_.-]/gu, "")
    .slice(0, 120);
  return safePath(name);
}
