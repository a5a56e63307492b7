/** Files of the repository. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./environment.js";

const skipped = new Set(["node_modules", "dist"]);

/**
 * Paths of the files under `folder`, relative to the root and sorted, without installed and built ones.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesUnder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

/**
 * A hash of the names and contents of files.
 * @param {readonly string[]} paths
 */
export function hashFiles(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const data = readFileSync(join(root, path));
    hash.update(`${path}\0${data.length}\0`).update(data);
  }
  return hash.digest("hex");
}
