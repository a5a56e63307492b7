/**
 * Which trees are retained, and how much disk space they may use. A tree is retained by a ref file
 * `refs/conversations/ID/EVENT`, where EVENT is the event after which the workspace had that content. The server writes
 * the refs and git reads them; trees without a ref are removed by garbage collection.
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

/** Per conversation: the first, which its diff starts from, and the most recent ones. */
const maxCheckpoints = 200;
/** Disk space per workspace. */
const maxStoredBytes = 2 * 1024 * 1024 * 1024;

export function retainTree(folder: string, conversation: string, event: number, tree: string): void {
  const refs = refsFolder(folder, conversation);
  mkdirSync(refs, { recursive: true, mode: 0o755 });
  // Written to a temporary file and renamed, so that git never reads a partial ref.
  writeFileSync(join(folder, "keeping"), `${tree}\n`);
  renameSync(join(folder, "keeping"), refFile(folder, conversation, event));
  for (const name of readdirSync(refs)
    .toSorted()
    .slice(1, -(maxCheckpoints - 1))) {
    rmSync(join(refs, name), { force: true });
  }
}

/** The log is no proof: it may come from another server, and the tree may have been dropped. */
export function retainsTree(folder: string, conversation: string, event: number, tree: string): boolean {
  try {
    return readFileSync(refFile(folder, conversation, event), "utf8").trim() === tree;
  } catch {
    return false;
  }
}

/** Retains for `to` what `from` has retained up to event `at`. */
export function copyRefs(folder: string, from: string, to: string, at: number): void {
  if (!existsSync(refsFolder(folder, from))) return;
  cpSync(refsFolder(folder, from), refsFolder(folder, to), { recursive: true });
  for (const name of readdirSync(refsFolder(folder, to))) {
    if (Number(name) > at) rmSync(join(refsFolder(folder, to), name), { force: true });
  }
}

/** Removes the whole repository when no conversation has a ref left. */
export function dropRefs(folder: string, conversation: string): void {
  rmSync(refsFolder(folder, conversation), { recursive: true, force: true });
  if (allRefsFolders(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}

/**
 * Packs loose objects. Over the size limit it first drops the older half of all checkpoints, regardless of
 * conversation, except the first and last of each. An abort loses nothing. Fails as `ShadowGit.run` does.
 */
export async function gc(git: ShadowGit, signal: AbortSignal, maxBytes = maxStoredBytes): Promise<void> {
  const { looseObjects, packs, sizeBytes } = await sizes(git.folder);
  const isOverfull = sizeBytes > maxBytes;
  if (!isOverfull && looseObjects < 2000 && packs < 20) return;
  if (isOverfull) dropOlderHalf(git.folder);
  const repack = "nice -n 19 git repack -d -l -q -n --depth=20 --window=5";
  await git.run(isOverfull || packs >= 20 ? `${repack} -a && git prune --expire=now` : repack, {}, signal);
}

function dropOlderHalf(folder: string): void {
  const droppable = allRefsFolders(folder).flatMap((refs) =>
    readdirSync(refs)
      .toSorted()
      .slice(1, -1)
      .map((name) => join(refs, name)),
  );
  const byAge = droppable.map((file) => ({ file, at: statSync(file).mtimeMs })).toSorted((a, b) => a.at - b.at);
  for (const { file } of byAge.slice(0, Math.ceil(byAge.length / 2))) rmSync(file, { force: true });
}

function allRefsFolders(folder: string): string[] {
  const root = join(folder, "refs", "conversations");
  return existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
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
