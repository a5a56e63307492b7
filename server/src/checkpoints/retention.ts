/**
 * Which trees are kept, and how much room they may take. A tree is kept by a file below `refs/conversations/ID/`, named by the event
 * whose workspace it is. The server writes those, git reads them; what no file names goes when there is tidying to be done.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { ShadowGit } from "./shadow-git.ts";

/** Of one conversation: the first, from which its diff is told, and the last ones. */
const mostSnapshots = 200;
/** Of one workspace, on the disk. */
const mostStoredBytes = 2 * 1024 * 1024 * 1024;

export function retainTree(folder: string, conversation: string, event: number, tree: string): void {
  const own = ownFolder(folder, conversation);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  // Beside and renamed, so that nobody reads half of one.
  writeFileSync(join(folder, "keeping"), `${tree}\n`);
  renameSync(join(folder, "keeping"), treeFile(folder, conversation, event));
  for (const name of readdirSync(own)
    .toSorted()
    .slice(1, -(mostSnapshots - 1)))
    rmSync(join(own, name), { force: true });
}

/** A log can be of elsewhere, and what it names be dropped: this is what counts. */
export function retainsTree(folder: string, conversation: string, event: number, tree: string): boolean {
  try {
    return readFileSync(treeFile(folder, conversation, event), "utf8").trim() === tree;
  } catch {
    return false;
  }
}

/** What `from` has kept up to `at` is kept for `to` too. */
export function copyRefs(folder: string, from: string, to: string, at: number): void {
  if (!existsSync(ownFolder(folder, from))) return;
  cpSync(ownFolder(folder, from), ownFolder(folder, to), { recursive: true });
  for (const name of readdirSync(ownFolder(folder, to))) {
    if (Number(name) > at) rmSync(join(ownFolder(folder, to), name), { force: true });
  }
}

/** Where nobody has anything left, all goes. */
export function dropRefs(folder: string, conversation: string): void {
  rmSync(ownFolder(folder, conversation), { recursive: true, force: true });
  if (allKept(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}

/**
 * Packs what lies about, and where there is too much drops the older half of what is kept, all conversations alike, but for the first
 * and the last of each. An abort leaves everything as it was. Fails as `ShadowGit.run`.
 */
export async function gc(git: ShadowGit, signal: AbortSignal, mostBytes = mostStoredBytes): Promise<void> {
  const { looseObjects, packs, sizeBytes } = await sizes(git.folder);
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

function treeFile(folder: string, conversation: string, event: number): string {
  return join(ownFolder(folder, conversation), String(event).padStart(10, "0"));
}

function ownFolder(folder: string, conversation: string): string {
  return join(folder, "refs", "conversations", conversation);
}

/** Without the others' turn being kept from them: there may be many. */
async function sizes(folder: string): Promise<{ looseObjects: number; packs: number; sizeBytes: number }> {
  const objects = join(folder, "objects");
  let [looseObjects, packs, sizeBytes] = [0, 0, 0];
  for (const name of await namesIn(objects)) {
    const files = await namesIn(join(objects, name));
    if (name.length === 2) looseObjects += files.length;
    packs += files.filter((file) => file.endsWith(".pack")).length;
    const found = await Promise.all(files.map((file) => stat(join(objects, name, file)).catch(() => undefined)));
    sizeBytes += found.reduce((sum, each) => sum + (each?.size ?? 0), 0);
  }
  return { looseObjects, packs, sizeBytes };
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** While work goes on there may be more than `mostStoredBytes`, but not for long. Fails with `checkpoint_failed`. */
export async function refuseOverfull(folder: string): Promise<void> {
  if ((await sizes(folder)).sizeBytes < 1.5 * mostStoredBytes) return;
  throw new DeckhandError(
    "checkpoint_failed",
    "There is no room for more until the agent rests, when the oldest are dropped.",
  );
}
