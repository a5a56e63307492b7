/**
 * Which trees are retained, and how much disk space they may use. A tree is retained by a ref file
 * `refs/conversations/ID/EVENT`, where EVENT is the event after which the workspace had that content. The server writes
 * the refs and git reads them; trees without a ref are removed by garbage collection.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { ShadowGit } from "./shadow-git.ts";

/** Per conversation: the first, which its diff starts from, and the most recent ones. */
const maxCheckpoints = 200;
/** Disk space per workspace. */
const maxStoredBytes = 2 * 1024 * 1024 * 1024;

/** One call at a time per folder. Fails with `checkpoint_failed` if the repository was removed after the capture. */
export async function retainTree(folder: string, conversation: string, event: number, tree: string): Promise<void> {
  const refs = refsFolder(folder, conversation);
  try {
    await stat(join(folder, "HEAD"));
  } catch (cause) {
    throw new DeckhandError("checkpoint_failed", "The checkpoints of this workspace were deleted.", { cause });
  }
  await mkdir(refs, { recursive: true, mode: 0o755 });
  // Written to a temporary file and renamed, so that git never reads a partial ref.
  await writeFile(join(folder, "keeping"), `${tree}\n`);
  await rename(join(folder, "keeping"), refFile(folder, conversation, event));
  const superfluous = (await readdir(refs)).toSorted().slice(1, -(maxCheckpoints - 1));
  await removeFiles(superfluous.map((name) => join(refs, name)));
}

/** The log is no proof: it may come from another server, and the tree may have been dropped. */
export async function retainsTree(folder: string, conversation: string, event: number, tree: string): Promise<boolean> {
  return (await readRef(refFile(folder, conversation, event))) === tree;
}

/** All trees that a conversation retains, by event. */
export async function retainedTrees(folder: string, conversation: string): Promise<ReadonlyMap<number, string>> {
  const refs = refsFolder(folder, conversation);
  const names = await namesIn(refs);
  const trees = await Promise.all(names.map(async (name) => [Number(name), await readRef(join(refs, name))] as const));
  return new Map(trees.flatMap(([event, tree]) => (tree === undefined ? [] : [[event, tree]])));
}

/** Retains for `to` what `from` has retained up to event `at`. */
export async function copyRefs(folder: string, from: string, to: string, at: number): Promise<void> {
  const names = (await namesIn(refsFolder(folder, from))).filter((name) => Number(name) <= at);
  if (names.length === 0) return;
  await mkdir(refsFolder(folder, to), { recursive: true, mode: 0o755 });
  for (const name of names) {
    // One that was dropped meanwhile is not copied.
    await copyFile(join(refsFolder(folder, from), name), join(refsFolder(folder, to), name)).catch(ignoreMissing);
  }
}

/** Returns whether other conversations have refs left. */
export async function dropRefs(folder: string, conversation: string): Promise<boolean> {
  await rm(refsFolder(folder, conversation), { recursive: true, force: true });
  return hasRefs(folder);
}

export async function hasRefs(folder: string): Promise<boolean> {
  return (await allRefsFolders(folder)).length > 0;
}

/**
 * Packs loose objects. Over the size limit it first drops the older half of all checkpoints, regardless of
 * conversation, except the first and last of each. An abort loses nothing. Fails as `ShadowGit.run` does.
 */
export async function gc(git: ShadowGit, signal: AbortSignal, maxBytes = maxStoredBytes): Promise<void> {
  const { looseObjects, packs, sizeBytes } = await sizes(git.folder);
  const isOverfull = sizeBytes > maxBytes;
  if (!isOverfull && looseObjects < 2000 && packs < 20) return;
  if (isOverfull) await dropOlderHalf(git.folder);
  const repack = "nice -n 19 git repack -d -l -q -n --depth=20 --window=5";
  await git.run(isOverfull || packs >= 20 ? `${repack} -a && git prune --expire=now` : repack, {}, signal);
}

async function dropOlderHalf(folder: string): Promise<void> {
  const droppable: { readonly file: string; readonly at: number }[] = [];
  for (const refs of await allRefsFolders(folder)) {
    for (const name of (await namesIn(refs)).toSorted().slice(1, -1)) {
      const file = join(refs, name);
      // One that disappears meanwhile was the ref of a deleted conversation.
      const stats = await stat(file).catch(ignoreMissing);
      if (stats !== undefined) droppable.push({ file, at: stats.mtimeMs });
    }
  }
  const byAge = droppable.toSorted((a, b) => a.at - b.at);
  await removeFiles(byAge.slice(0, Math.ceil(byAge.length / 2)).map(({ file }) => file));
}

async function allRefsFolders(folder: string): Promise<string[]> {
  const root = join(folder, "refs", "conversations");
  return (await namesIn(root)).map((name) => join(root, name));
}

async function readRef(file: string): Promise<string | undefined> {
  return (await readFile(file, "utf8").catch(() => undefined))?.trim();
}

async function removeFiles(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}

function refFile(folder: string, conversation: string, event: number): string {
  return join(refsFolder(folder, conversation), String(event).padStart(10, "0"));
}

function refsFolder(folder: string, conversation: string): string {
  return join(folder, "refs", "conversations", conversation);
}

/** Asynchronous, because there may be many files. */
async function sizes(folder: string): Promise<{ looseObjects: number; packs: number; sizeBytes: number }> {
  const objects = join(folder, "objects");
  let [looseObjects, packs, sizeBytes] = [0, 0, 0];
  for (const name of await namesIn(objects)) {
    const files = await namesIn(join(objects, name));
    if (name.length === 2) looseObjects += files.length;
    packs += files.filter((file) => file.endsWith(".pack")).length;
    const stats = await Promise.all(files.map((file) => stat(join(objects, name, file)).catch(() => undefined)));
    sizeBytes += stats.reduce((sum, each) => sum + (each?.size ?? 0), 0);
  }
  return { looseObjects, packs, sizeBytes };
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/**
 * While agents work, no collection runs, so the size may exceed `maxStoredBytes` for a while. Fails with
 * `checkpoint_failed`.
 */
export async function refuseOverfull(folder: string): Promise<void> {
  if ((await sizes(folder)).sizeBytes < 1.5 * maxStoredBytes) return;
  throw new DeckhandError(
    "checkpoint_failed",
    "The checkpoints of this workspace have reached their size limit. The oldest are dropped when the agent is idle.",
  );
}
