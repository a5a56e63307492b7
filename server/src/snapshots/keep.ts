/**
 * Which trees are kept, and how much room they may take. A tree is kept by a file below `refs/conversations/ID/`, named by the event
 * whose workspace it is. The server writes those, git reads them; what no file names goes when there is tidying to be done.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ShadowGit } from "./shadow-git.ts";

/** Of one conversation: the first, from which its diff is told, and the last ones. */
export const mostSnapshots = 200;
/** Of one workspace, on the disk. */
export const mostStoredBytes = 2 * 1024 * 1024 * 1024;

export function keepTree(folder: string, conversation: string, event: number, tree: string): void {
  const own = ownFolder(folder, conversation);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  // Beside and renamed, so that nobody reads half of one.
  writeFileSync(join(folder, "keeping"), `${tree}\n`);
  renameSync(join(folder, "keeping"), join(own, String(event).padStart(10, "0")));
  for (const name of readdirSync(own)
    .toSorted()
    .slice(1, -(mostSnapshots - 1)))
    rmSync(join(own, name), { force: true });
}

/** What `from` has kept up to `at` is kept for `to` too. */
export function shareTrees(folder: string, from: string, to: string, at: number): void {
  if (!existsSync(ownFolder(folder, from))) return;
  cpSync(ownFolder(folder, from), ownFolder(folder, to), { recursive: true });
  for (const name of readdirSync(ownFolder(folder, to))) {
    if (Number(name) > at) rmSync(join(ownFolder(folder, to), name), { force: true });
  }
}

/** Where nobody has anything left, all goes. */
export function forgetTrees(folder: string, conversation: string): void {
  rmSync(ownFolder(folder, conversation), { recursive: true, force: true });
  if (allKept(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}

/**
 * Packs what lies about, and where there is too much drops the older half of what is kept, all conversations alike, but for the first
 * and the last of each. An abort leaves everything as it was. Fails as `ShadowGit.run`.
 */
export async function tidy(git: ShadowGit, signal: AbortSignal, mostBytes = mostStoredBytes): Promise<void> {
  const { looseObjects, packs, sizeBytes } = sizes(git.folder);
  const full = sizeBytes > mostBytes;
  if (!full && looseObjects < 2000 && packs < 20) return;
  if (full) dropOlderHalf(git.folder);
  const repack = "nice -n 19 git repack -d -l -q -n --depth=20 --window=5";
  await git.run(full || packs >= 20 ? `${repack} -a && git prune --expire=now` : repack, {}, signal);
}

function dropOlderHalf(folder: string): void {
  const between = allKept(folder).flatMap((own) =>
    readdirSync(own)
      .toSorted()
      .slice(1, -1)
      .map((name) => join(own, name)),
  );
  const byAge = between.map((file) => ({ file, at: statSync(file).mtimeMs })).toSorted((a, b) => a.at - b.at);
  for (const { file } of byAge.slice(0, Math.ceil(byAge.length / 2))) rmSync(file, { force: true });
}

function allKept(folder: string): string[] {
  const root = join(folder, "refs", "conversations");
  return existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
}

function ownFolder(folder: string, conversation: string): string {
  return join(folder, "refs", "conversations", conversation);
}

function sizes(folder: string): { readonly looseObjects: number; readonly packs: number; readonly sizeBytes: number } {
  let [looseObjects, packs, sizeBytes] = [0, 0, 0];
  for (const name of readdirSync(join(folder, "objects"))) {
    for (const file of readdirSync(join(folder, "objects", name))) {
      if (name.length === 2) looseObjects += 1;
      if (file.endsWith(".pack")) packs += 1;
      sizeBytes += statSync(join(folder, "objects", name, file), { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return { looseObjects, packs, sizeBytes };
}
