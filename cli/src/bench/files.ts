/** Files of tasks on this machine. */
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";

/** A folder of tasks is read by people; one that has more is something else. */
const mostFiles = 10_000;

/** Plain files below the folder, with `/`, sorted; links are left out. Empty where it is not there. */
export async function filesBelow(folder: string, leaves: (path: string) => boolean = () => false): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      const at = path === "" ? entry.name : `${path}/${entry.name}`;
      if (leaves(at)) continue;
      if (entry.isDirectory()) await walk(at);
      else if (entry.isFile()) found.push(at);
      if (found.length > mostFiles) throw new Error(`There are more than ${mostFiles} files in ${folder}.`);
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

/** Of a file in a task's own list. Fails with an `Error` for one that leads out of the folder. */
export function insidePath(path: string): string {
  const plain = normalize(path);
  if (path === "" || isAbsolute(plain) || plain === ".." || plain.startsWith("../") || path.includes("\0")) {
    throw new Error(`"${path}" is not a path inside of the task.`);
  }
  return plain;
}

/** One word of bash, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
