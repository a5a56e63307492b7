/**
 * Checkpoints of workspaces: what a workspace was at an event. All conversations in a workspace share one shadow
 * repository, so each file is stored once and a checkpoint costs only what changed since the last one, by any conversation.
 * Operations on a workspace run one at a time; everyone who asks for a capture before it begins shares it, and garbage
 * collection yields to everything else.
 */
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError, type FileChange, type TreeDiff } from "@deckhand/protocol";
import { coalesce } from "../async/coalesce.ts";
import { Mutex } from "../async/mutex.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { captureWorkspace, type Captured } from "./capture.ts";
import { changesBetween, patchesBetween, pathsBetween } from "./diff.ts";
import { restoreTree } from "./restore.ts";
import { copyRefs, dropRefs, gc, refuseOverfull, retainsTree, retainTree } from "./retention.ts";
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
  /** Keeps the tree of an event. A tree that is not retained may be collected once the workspace has moved on. */
  retain(conversation: string, event: number, tree: string): void;
  isRetained(conversation: string, event: number, tree: string): boolean;
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
  copyRefs(from: string, to: string, at: number): void;
  drop(conversation: string): void;
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
  const folders = () => (existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : []);
  return {
    forWorkspace(workspace) {
      let repository = open.get(workspace);
      if (repository === undefined) {
        repository = new Repository(openShadowGit(shadowFolder(root, workspace), workspace, runtimes));
        open.set(workspace, repository);
      }
      return repository;
    },
    copyRefs(from, to, at) {
      for (const folder of folders()) copyRefs(folder, from, to, at);
    },
    drop(conversation) {
      for (const folder of folders()) dropRefs(folder, conversation);
      // No conversation can hold the repository of a workspace that no longer exists.
      for (const [workspace, repository] of open) {
        if (repository.isIdle && !existsSync(workspace)) open.delete(workspace);
      }
    },
  };
}

class Repository implements WorkspaceCheckpoints {
  readonly activeConversations = new Set<string>();
  readonly #git: ShadowGit;
  readonly #mutex = new Mutex();
  readonly #captureShared: (signal: AbortSignal) => Promise<Captured>;
  /** Bytes added since the repository's size was last measured. */
  #unmeasuredBytes = Infinity;
  #collecting: AbortController | undefined;

  constructor(git: ShadowGit) {
    this.#git = git;
    this.#captureShared = coalesce(
      (signal) => this.#capture(signal),
      (run) => this.#exclusive(run),
    );
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

  retain(conversation: string, event: number, tree: string): void {
    retainTree(this.#git.folder, conversation, event, tree);
  }

  isRetained(conversation: string, event: number, tree: string): boolean {
    return retainsTree(this.#git.folder, conversation, event, tree);
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
