/**
 * Uploaded files that wait for their conversation to be created, in DECKHAND_HOME/uploads/ID. Only this module writes
 * there, and only regular files and folders under validated names: it never creates a link, so no path can lead out of
 * the folder.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { withinLimits, type IncomingFile, type IncomingLimits } from "./incoming.ts";

/** Unused uploads are deleted after a day, or earlier if there are too many. */
const maxAgeMs = 24 * 3_600_000;
const maxUploads = 10;

export interface StoredUpload {
  readonly id: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly expiresAt: string;
}

export interface UploadStore {
  /** Path for a temporary file that the caller creates and removes. */
  spool(): string;
  /** Stores all files or none. Fails with `bad_args`, `file_too_large`. */
  store(files: AsyncIterable<IncomingFile>): Promise<StoredUpload>;
  check(id: string): Promise<void>;
  take(id: string, into: string): Promise<void>;
}

/** Removes incomplete uploads of a previous server. */
export async function openUploads(
  folder: string,
  limits: IncomingLimits,
  now: () => number = Date.now,
): Promise<UploadStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (!isId(name)) await rm(join(folder, name), { recursive: true, force: true });
  }

  async function deleteExpired(): Promise<void> {
    const names = (await readdir(folder)).filter(isId);
    const uploads = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
    );
    const oldestFirst = uploads.toSorted((a, b) => a.at - b.at);
    const expired = oldestFirst.filter(
      ({ at }, index) => now() - at > maxAgeMs || index < oldestFirst.length - maxUploads + 1,
    );
    for (const { name } of expired) await rm(join(folder, name), { recursive: true, force: true });
  }

  async function check(id: string): Promise<void> {
    if (isId(id) && (await stat(join(folder, id)).catch(() => undefined)) !== undefined) return;
    throw new DeckhandError("bad_args", "upload: not found. It may have been used already or expired after a day.");
  }

  return {
    spool: () => join(folder, `${randomUUID()}.spool`),
    check,
    async store(files) {
      await deleteExpired();
      const id = randomUUID();
      const incomplete = join(folder, `${id}.new`);
      try {
        await mkdir(incomplete, { mode: 0o755 });
        let count = 0;
        let sizeBytes = 0;
        for await (const { path, bytes } of withinLimits(files, limits)) {
          sizeBytes += await save(join(incomplete, path), bytes);
          count += 1;
        }
        if (count === 0) throw new DeckhandError("bad_args", "The upload has no files.");
        await rename(incomplete, join(folder, id));
        return { id, files: count, sizeBytes, expiresAt: new Date(now() + maxAgeMs).toISOString() };
      } catch (error) {
        await rm(incomplete, { recursive: true, force: true });
        throw error;
      }
    },
    async take(id, into) {
      await check(id);
      // rename(2) replaces an empty folder atomically.
      await rename(join(folder, id), into);
    },
  };
}

async function save(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await using file = await open(path, "w", 0o644);
    let size = 0;
    for await (const chunk of bytes) {
      await file.writeFile(chunk);
      size += chunk.byteLength;
    }
    return size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR" || code === "ENOTDIR" || code === "EEXIST") {
      throw new DeckhandError("bad_args", "The same name is used for a file and a folder.");
    }
    throw error;
  }
}

function isId(name: string): boolean {
  return /^[0-9a-f-]{36}$/.test(name);
}
