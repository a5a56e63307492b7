/**
 * What workspaces were. Each workspace has one history, shared by all conversations in it: a file is stored once, and a snapshot costs
 * what changed since the last one, whoever took it. One thing is done at a time; a look that has not begun is for all who asked
 * meanwhile, and tidying gives way to everything else.
 */
import { readdirSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { FileChange, TreeDiff } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { changesBetween, namesBetween, patchesBetween } from "./changes.ts";
import { forgetTrees, keepsTree, keepTree, refuseOverfull, shareTrees, tidy } from "./keep.ts";
import { restoreTree } from "./restore.ts";
import { shared } from "./shared.ts";
import { openShadowGit, shadowFolder, type ShadowGit } from "./shadow-git.ts";
import { takeSnapshot, type Taken } from "./take.ts";
import { fileOf, filesOf, type TreeFiles } from "./tree-files.ts";

/** Everything that takes a signal fails with `snapshot_failed`, `sandbox_unavailable`, `interrupted`; a tree is the name of one that was taken. */
export interface History {
  /** Conversations whose agent is at work here now. */
  readonly atWork: Set<string>;
  take(signal: AbortSignal): Promise<Taken>;
  /** Keeps the tree of an event; until then tidying may drop it once the workspace has moved on. */
  keep(conversation: string, event: number, tree: string): void;
  keeps(conversation: string, event: number, tree: string): boolean;
  changes(from: string, to: string, signal: AbortSignal): Promise<readonly FileChange[]>;
  patches(from: string, to: string, signal: AbortSignal): Promise<TreeDiff>;
  /** Names that differ in any of the pairs. */
  names(pairs: readonly (readonly [from: string, to: string])[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  files(tree: string, signal: AbortSignal): Promise<TreeFiles>;
  /** Undefined where there is none of that name. */
  file(tree: string, path: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Brings the workspace from the last tree that was taken to another one. */
  restore(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Packs and drops what is too much, when there is nothing else to do. Never fails. */
  tidy(): void;
}

export interface Histories {
  /** `workspace` is without symbolic links. */
  of(workspace: string): History;
  /** A fork has what its source has kept up to that event. */
  share(from: string, to: string, at: number): void;
  forget(conversation: string): void;
}

const mostUncountedBytes = 256 * 1024 * 1024;
const tidyDeadlineMs = 10 * 60_000;

/** `root` is a folder of the server's own. */
export function openHistories(root: string, runtimes: RuntimeFactory): Histories {
  const known = new Map<string, History>();
  const folders = () => (existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : []);
  return {
    of(workspace) {
      let history = known.get(workspace);
      if (history === undefined) {
        history = openHistory(openShadowGit(shadowFolder(root, workspace), workspace, runtimes));
        known.set(workspace, history);
      }
      return history;
    },
    share(from, to, at) {
      for (const folder of folders()) shareTrees(folder, from, to, at);
    },
    forget(conversation) {
      for (const folder of folders()) forgetTrees(folder, conversation);
    },
  };
}

function openHistory(git: ShadowGit): History {
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
    atWork: new Set(),
    take: shared(next, async (signal) => {
      if (uncountedBytes > mostUncountedBytes) {
        await refuseOverfull(git.folder);
        uncountedBytes = 0;
      }
      const taken = await takeSnapshot(git, signal);
      uncountedBytes += taken.addedBytes;
      return taken;
    }),
    keep: (conversation, event, tree) => keepTree(git.folder, conversation, event, tree),
    keeps: (conversation, event, tree) => keepsTree(git.folder, conversation, event, tree),
    changes: (from, to, signal) => next(() => changesBetween(git, from, to, signal)),
    patches: (from, to, signal) => next(() => patchesBetween(git, from, to, signal)),
    names: (pairs, signal) => next(() => namesBetween(git, pairs, signal)),
    files: (tree, signal) => next(() => filesOf(git, tree, signal)),
    file: (tree, path, signal) => next(() => fileOf(git, tree, path, signal)),
    restore: (from, to, signal) => next(() => restoreTree(git, from, to, signal)),
    tidy() {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(tidyDeadlineMs)]);
      // What is left as it was is tried again after the next turn.
      void next(() => {
        tidying = stop;
        return tidy(git, signal).catch(() => {});
      }).finally(() => (tidying = undefined));
    },
  };
}
