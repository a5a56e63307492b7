/**
 * What workspaces were. Each workspace has one history, shared by all conversations in it: a file is stored once, and a snapshot costs
 * what changed since the last one, whoever took it. One thing is done at a time; a look that has not begun is for all who asked
 * meanwhile, and tidying gives way to everything else.
 */
import { readdirSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { FileChange, TreeDiff } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { changesBetween, pathsBetween, patchesBetween } from "./diff.ts";
import { dropRefs, retainsTree, retainTree, refuseOverfull, copyRefs, gc } from "./retention.ts";
import { restoreTree } from "./restore.ts";
import { shared } from "./shared.ts";
import { openShadowGit, shadowFolder, type ShadowGit } from "./shadow-git.ts";
import { captureWorkspace, type Captured } from "./capture.ts";
import { fileOf, filesOf, type TreeFiles } from "./tree-files.ts";

/** Everything that takes a signal fails with `checkpoint_failed`, `sandbox_unavailable`, `interrupted`; a tree is the name of one that was taken. */
export interface WorkspaceCheckpoints {
  /** Conversations whose agent is at work here now. */
  readonly activeConversations: Set<string>;
  capture(signal: AbortSignal): Promise<Captured>;
  /** Keeps the tree of an event; until then tidying may drop it once the workspace has moved on. */
  retain(conversation: string, event: number, tree: string): void;
  isRetained(conversation: string, event: number, tree: string): boolean;
  changes(from: string, to: string, signal: AbortSignal): Promise<readonly FileChange[]>;
  patches(from: string, to: string, signal: AbortSignal): Promise<TreeDiff>;
  /** Names that differ in any of the pairs. */
  changedPaths(
    pairs: readonly (readonly [from: string, to: string])[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
  files(tree: string, signal: AbortSignal): Promise<TreeFiles>;
  /** Undefined where there is none of that name. */
  file(tree: string, path: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Brings the workspace from the last tree that was taken to another one. */
  restore(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Packs and drops what is too much, when there is nothing else to do. Never fails. */
  gc(): void;
}

export interface CheckpointStore {
  /** `workspace` is without symbolic links. */
  forWorkspace(workspace: string): WorkspaceCheckpoints;
  /** A fork has what its source has kept up to that event. */
  copyRefs(from: string, to: string, at: number): void;
  drop(conversation: string): void;
}

const mostUncountedBytes = 256 * 1024 * 1024;
const tidyDeadlineMs = 10 * 60_000;

/** `root` is a folder of the server's own. */
export function openCheckpointStore(root: string, runtimes: RuntimeFactory): CheckpointStore {
  const known = new Map<string, WorkspaceCheckpoints>();
  const folders = () => (existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : []);
  return {
    forWorkspace(workspace) {
      let history = known.get(workspace);
      if (history === undefined) {
        history = openHistory(openShadowGit(shadowFolder(root, workspace), workspace, runtimes));
        known.set(workspace, history);
      }
      return history;
    },
    copyRefs(from, to, at) {
      for (const folder of folders()) copyRefs(folder, from, to, at);
    },
    drop(conversation) {
      for (const folder of folders()) dropRefs(folder, conversation);
    },
  };
}

function openHistory(git: ShadowGit): WorkspaceCheckpoints {
  let last: Promise<unknown> = Promise.resolve();
  /** Added since the room was measured. */
  let uncountedBytes = Infinity;
  let tidying: AbortController | undefined;
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    tidying?.abort();
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    activeConversations: new Set(),
    capture: shared(next, async (signal) => {
      if (uncountedBytes > mostUncountedBytes) {
        await refuseOverfull(git.folder);
        uncountedBytes = 0;
      }
      const taken = await captureWorkspace(git, signal);
      uncountedBytes += taken.addedBytes;
      return taken;
    }),
    retain: (conversation, event, tree) => retainTree(git.folder, conversation, event, tree),
    isRetained: (conversation, event, tree) => retainsTree(git.folder, conversation, event, tree),
    changes: (from, to, signal) => next(() => changesBetween(git, from, to, signal)),
    patches: (from, to, signal) => next(() => patchesBetween(git, from, to, signal)),
    changedPaths: (pairs, signal) => next(() => pathsBetween(git, pairs, signal)),
    files: (tree, signal) => next(() => filesOf(git, tree, signal)),
    file: (tree, path, signal) => next(() => fileOf(git, tree, path, signal)),
    restore: (from, to, signal) => next(() => restoreTree(git, from, to, signal)),
    gc() {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(tidyDeadlineMs)]);
      // What is left as it was is tried again after the next turn.
      void next(() => {
        tidying = stop;
        return gc(git, signal).catch(() => {});
      }).finally(() => (tidying = undefined));
    },
  };
}
