/**
 * git stores one bit of a file's mode. To avoid making files readable that were not, the last seen mode of every file
 * that not everybody may read is stored beside the repository, and a restore applies it again, even if the file was
 * open to all for a while in between.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A workspace with more closed files than this is protected as a whole, by its folder or umask. */
const maxModes = 10_000;

/** Permissions by file name, the name as bytes in latin1. */
export type FileModes = ReadonlyMap<string, number>;

export async function readFileModes(folder: string): Promise<FileModes> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(fileOf(folder), "utf8")) as Record<string, number>));
  } catch {
    return new Map();
  }
}

export async function recordFileModes(folder: string, seen: FileModes): Promise<void> {
  const closed = [...seen].filter(([, mode]) => (mode & 0o044) !== 0o044);
  if (closed.length === 0) return;
  const modes = new Map(await readFileModes(folder));
  for (const [name, mode] of closed) if (modes.size < maxModes || modes.has(name)) modes.set(name, mode);
  await writeFile(fileOf(folder), JSON.stringify(Object.fromEntries(modes)));
}

function fileOf(folder: string): string {
  return join(folder, "modes.json");
}
