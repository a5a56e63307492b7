/**
 * Files that wait for the conversation that will work on them, in DECKHAND_HOME/uploads/ID. Nobody writes there but this file, plain
 * files and folders under checked names: no link is ever made, so no name can lead out.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { withinLimits, type IncomingFile, type IncomingLimits } from "./incoming.ts";

/** What nobody has used goes after a day, and earlier where there are more. */
const keptMs = 24 * 3_600_000;
const mostKept = 10;

export interface StoredUpload {
  readonly id: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly expiresAt: string;
}

export interface UploadStore {
  /** A file that does not exist, for what has to be looked at from its end; the caller removes it. */
  spool(): string;
  /** All files or none. Fails with `bad_args`, `file_too_large`. */
  store(files: AsyncIterable<IncomingFile>): Promise<StoredUpload>;
  check(id: string): Promise<void>;
  take(id: string, into: string): Promise<void>;
}

/** What an earlier server left half stored is removed. */
export async function openUploads(
  folder: string,
  limits: IncomingLimits,
  now: () => number = Date.now,
): Promise<UploadStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (!isId(name)) await rm(join(folder, name), { recursive: true, force: true });
  }

  async function forget(): Promise<void> {
    const names = (await readdir(folder)).filter(isId);
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
    );
    const oldFirst = aged.toSorted((a, b) => a.at - b.at);
    const over = oldFirst.filter(({ at }, index) => now() - at > keptMs || index < oldFirst.length - mostKept + 1);
    for (const { name } of over) await rm(join(folder, name), { recursive: true, force: true });
  }

  async function check(id: string): Promise<void> {
    if (isId(id) && (await stat(join(folder, id)).catch(() => undefined)) !== undefined) return;
    throw new DeckhandError(
      "bad_args",
      "upload: there is none of this id; it may have been used, or be older than a day.",
    );
  }

  return {
    spool: () => join(folder, `${randomUUID()}.spool`),
    check,
    async store(files) {
      await forget();
      const id = randomUUID();
      const making = join(folder, `${id}.new`);
      try {
        await mkdir(making, { mode: 0o755 });
        let count = 0;
        let sizeBytes = 0;
        for await (const { path, bytes } of withinLimits(files, limits)) {
          sizeBytes += await save(join(making, path), bytes);
          count += 1;
        }
        if (count === 0) throw new DeckhandError("bad_args", "There is no file in it.");
        await rename(making, join(folder, id));
        return { id, files: count, sizeBytes, expiresAt: new Date(now() + keptMs).toISOString() };
      } catch (error) {
        await rm(making, { recursive: true, force: true });
        throw error;
      }
    },
    async take(id, into) {
      await check(id);
      // Over the empty folder, in one step.
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
      throw new DeckhandError("bad_args", "Two files of it cannot both be there: one is the other's folder.");
    }
    throw error;
  }
}

function isId(name: string): boolean {
  return /^[0-9a-f-]{36}$/.test(name);
}
