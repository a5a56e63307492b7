/** Task files on this machine. */
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";

/** Tasks are written by people; a folder with more files is something else. */
const maxFiles = 10_000;

/** Relative paths of the regular files below the folder, with `/`, sorted; no symlinks. Empty if it does not exist. */
export async function filesBelow(folder: string, skips: (path: string) => boolean = () => false): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      const at = path === "" ? entry.name : `${path}/${entry.name}`;
      if (skips(at)) continue;
      if (entry.isDirectory()) await walk(at);
      else if (entry.isFile()) found.push(at);
      if (found.length > maxFiles) throw new Error(`More than ${maxFiles} files in ${folder}.`);
    }
  };
  if (await isFolder(folder)) await walk("");
  return found.toSorted();
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Normalizes a path from a task's own list. Fails with an `Error` if it leads out of the task's folder. */
export function insidePath(path: string): string {
  const plain = normalize(path);
  if (path === "" || isAbsolute(plain) || plain === ".." || plain.startsWith("../") || path.includes("\0")) {
    throw new Error(`"${path}" is not a path inside the task.`);
  }
  return plain;
}

/** Quotes any text as a single word for bash. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
