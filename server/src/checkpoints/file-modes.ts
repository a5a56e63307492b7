/**
 * git keeps one bit of a mode. What it would open to others is kept beside it: the mode of a file that not everybody may read, as it
 * was seen last. One that a restore writes is closed again, also where it was open for a while in between.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Beyond these a workspace is closed as a whole, by its folder or its umask. */
const mostKept = 10_000;

/** By name, in latin1. */
export type FileModes = ReadonlyMap<string, number>;

export function readFileModes(folder: string): FileModes {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(fileOf(folder), "utf8")) as Record<string, number>));
  } catch {
    return new Map();
  }
}

/** `seen`: the permissions of files that were looked at. */
export function recordFileModes(folder: string, seen: FileModes): void {
  const closed = [...seen].filter(([, mode]) => (mode & 0o044) !== 0o044);
  if (closed.length === 0) return;
  const kept = new Map(readFileModes(folder));
  for (const [name, mode] of closed) if (kept.size < mostKept || kept.has(name)) kept.set(name, mode);
  writeFileSync(fileOf(folder), JSON.stringify(Object.fromEntries(kept)));
}

function fileOf(folder: string): string {
  return join(folder, "modes.json");
}
