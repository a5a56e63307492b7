/**
 * Checkpoints of workspaces: what a workspace was at an event. All conversations in a workspace share one shadow
 * repository, so each file is stored once and a checkpoint costs only what changed since the last one, by any conversation.
 * Operations on a workspace run one at a time; everyone who asks for a capture before it begins shares it, and garbage
 * collection yields to everything else.
 */
import { existsSync, renameSync } from "node:fs";
import { access, readdir, rename } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DeckhandError, type FileChange, type TreeDiff } from "@deckhand/protocol";
import { coalesce } from "../async/coalesce.ts";
import { Mutex } from "../async/mutex.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { captureWorkspace, type Captured } from "./capture.ts";
import { changesBetween, patchesBetween, pathsBetween } from "./diff.ts";
import { removeTree } from "./remove-tree.ts";
import { restoreTree } from "./restore.ts";
import {
  copyRefs,
  dropRefs,
  gc,
  hasRefs,
  refuseOverfull,
  retainedTrees,
  retainsTree,
  retainTree,
} from "./retention.ts";
import { openShadowGit, shadowFolder, type ShadowGit } from "./shadow-git.ts";
import { fileOf, filesOf, type TreeFiles } from "./tree-files.ts";

/**
 * `tree`, `from` and `to` name trees that were captured. Everything that takes a signal fails with `checkpoint_failed`,
 * `sandbox_unavailable`, `interrupted`.
 */
export interface WorkspaceCheckpoints {
  /** Conversations whose agent is working here now. */
  readonly activeConversations: Set<string>;
  capture(signal: AbortSignal): Promise<Captured>;
  /**
   * Keeps the tree of an event. A tree that is not retained may be collected once the workspace has moved on. Fails with
   * `checkpoint_failed`.
   */
  retain(conversation: string, event: number, tree: string): Promise<void>;
  isRetained(conversation: string, event: number, tree: string): Promise<boolean>;
  /** The retained trees of a conversation, by event. */
  retained(conversation: string): Promise<ReadonlyMap<number, string>>;
  changes(from: string, to: string, signal: AbortSignal): Promise<readonly FileChange[]>;
  patches(from: string, to: string, signal: AbortSignal): Promise<TreeDiff>;
  /** Paths that differ in any of the pairs. */
  changedPaths(
    pairs: readonly (readonly [from: string, to: string])[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
  files(tree: string, signal: AbortSignal): Promise<TreeFiles>;
  /** Undefined if the tree has no file at that path. */
  file(tree: string, path: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Changes the workspace from the last captured tree to another one. */
  restore(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Packs objects, and drops old checkpoints over the size limit, when there is nothing else to do. Never fails. */
  gc(): void;
}

export interface CheckpointStore {
  /** `workspace` is a real path, without symbolic links. */
  forWorkspace(workspace: string): WorkspaceCheckpoints;
  /** Gives a fork what its source has retained up to that event. */
  copyRefs(from: string, to: string, at: number): Promise<void>;
  /** Deletes what a conversation has retained, and the repositories that no conversation needs any more. */
  drop(conversation: string): Promise<void>;
}

const maxUnmeasuredBytes = 256 * 1024 * 1024;
const gcDeadlineMs = 10 * 60_000;

/** `home` is DECKHAND_HOME. */
export function openCheckpointStore(home: string, runtimes: RuntimeFactory): CheckpointStore {
  const root = join(home, "checkpoints");
  // The name of the folder in earlier versions.
  const formerRoot = join(home, "snapshots");
  if (existsSync(formerRoot) && !existsSync(root)) renameSync(formerRoot, root);
  const open = new Map<string, Repository>();
  const locks = new Map<string, Mutex>();
  const lockOf = (folder: string): Mutex => {
    const lock = locks.get(folder) ?? new Mutex();
    locks.set(folder, lock);
    return lock;
  };
  const names = () => readdir(root).catch(() => []);
  const folders = async () => (await names()).filter((name) => !isRemoved(name)).map((name) => join(root, name));
  // A crash may have interrupted a removal.
  void removeAll(root, names);
  return {
    forWorkspace(workspace) {
      let repository = open.get(workspace);
      if (repository === undefined) {
        const folder = shadowFolder(root, workspace);
        repository = new Repository(openShadowGit(folder, workspace, runtimes), lockOf(folder));
        open.set(workspace, repository);
      }
      return repository;
    },
    async copyRefs(from, to, at) {
      for (const folder of await folders()) await copyRefs(folder, from, to, at);
    },
    async drop(conversation) {
      for (const folder of await folders()) {
        if (await dropRefs(folder, conversation)) continue;
        const repository = [...open.values()].find((each) => each.folder === folder);
        const unused = await (repository?.detachUnused() ?? lockOf(folder).run(() => detachUnused(folder)));
        // What cannot be removed now is removed at the next start.
        if (unused !== undefined) await removeTree(unused).catch(() => {});
      }
      // No conversation can hold the repository of a workspace that no longer exists.
      for (const [workspace, repository] of open) {
        const exists = await access(workspace).then(
          () => true,
          () => false,
        );
        if (!exists && repository.isIdle) open.delete(workspace);
      }
      for (const [folder, lock] of locks) {
        if (lock.isIdle && ![...open.values()].some((each) => each.folder === folder)) locks.delete(folder);
      }
    },
  };
}

/** Ends the name of a folder that is being removed. */
const removedSuffix = ".removed";

function isRemoved(name: string): boolean {
  return name.endsWith(removedSuffix);
}

/** Renames a folder without refs, because deleting its files takes a while. Needs the folder's lock. */
async function detachUnused(folder: string): Promise<string | undefined> {
  if (await hasRefs(folder)) return undefined;
  const removed = `${folder}-${randomUUID()}${removedSuffix}`;
  try {
    await rename(folder, removed);
    return removed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function removeAll(root: string, names: () => Promise<readonly string[]>): Promise<void> {
  for (const name of (await names()).filter(isRemoved)) {
    await removeTree(join(root, name)).catch(() => {});
  }
}

class Repository implements WorkspaceCheckpoints {
  readonly activeConversations = new Set<string>();
  readonly #git: ShadowGit;
  readonly #mutex: Mutex;
  readonly #captureShared: (signal: AbortSignal) => Promise<Captured>;
  /** Bytes added since the repository's size was last measured. */
  #unmeasuredBytes = Infinity;
  #collecting: AbortController | undefined;

  constructor(git: ShadowGit, mutex: Mutex) {
    this.#git = git;
    this.#mutex = mutex;
    this.#captureShared = coalesce(
      (signal) => this.#capture(signal),
      (run) => this.#exclusive(run),
    );
  }

  get folder(): string {
    return this.#git.folder;
  }

  get isIdle(): boolean {
    return this.#mutex.isIdle && this.activeConversations.size === 0;
  }

  async capture(signal: AbortSignal): Promise<Captured> {
    try {
      return await this.#captureShared(signal);
    } catch (error) {
      throw signal.aborted ? new DeckhandError("interrupted") : error;
    }
  }

  retain(conversation: string, event: number, tree: string): Promise<void> {
    return this.#exclusive(() => retainTree(this.#git.folder, conversation, event, tree));
  }

  isRetained(conversation: string, event: number, tree: string): Promise<boolean> {
    return retainsTree(this.#git.folder, conversation, event, tree);
  }

  retained(conversation: string): Promise<ReadonlyMap<number, string>> {
    return retainedTrees(this.#git.folder, conversation);
  }

  /** As the function, unless a conversation works here. */
  async detachUnused(): Promise<string | undefined> {
    if (this.activeConversations.size > 0) return undefined;
    return this.#exclusive(async () => (this.activeConversations.size > 0 ? undefined : detachUnused(this.folder)));
  }

  changes(from: string, to: string, signal: AbortSignal): Promise<readonly FileChange[]> {
    return this.#exclusive(() => changesBetween(this.#git, from, to, signal));
  }

  patches(from: string, to: string, signal: AbortSignal): Promise<TreeDiff> {
    return this.#exclusive(() => patchesBetween(this.#git, from, to, signal));
  }

  changedPaths(
    pairs: readonly (readonly [from: string, to: string])[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    return this.#exclusive(() => pathsBetween(this.#git, pairs, signal));
  }

  files(tree: string, signal: AbortSignal): Promise<TreeFiles> {
    return this.#exclusive(() => filesOf(this.#git, tree, signal));
  }

  file(tree: string, path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#exclusive(() => fileOf(this.#git, tree, path, signal));
  }

  restore(from: string, to: string, signal: AbortSignal): Promise<void> {
    return this.#exclusive(() => restoreTree(this.#git, from, to, signal));
  }

  gc(): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(gcDeadlineMs)]);
    void this.#exclusive(async () => {
      this.#collecting = stop;
      // An aborted collection leaves everything as it was and is repeated after the next turn.
      await gc(this.#git, signal).catch(() => {});
      this.#collecting = undefined;
    });
  }

  /** Waits for its turn; a running garbage collection is aborted. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#collecting?.abort();
    return this.#mutex.run(work);
  }

  async #capture(signal: AbortSignal): Promise<Captured> {
    if (this.#unmeasuredBytes > maxUnmeasuredBytes) {
      await refuseOverfull(this.#git.folder);
      this.#unmeasuredBytes = 0;
    }
    const captured = await captureWorkspace(this.#git, signal);
    this.#unmeasuredBytes += captured.addedBytes;
    return captured;
  }
}
