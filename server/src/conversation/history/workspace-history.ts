/** What the workspace was, for who asks: what changed between two events, what a restore would do, and the restore. */
import {
  DeckhandError,
  isWorking,
  escapeInvisible,
  type FileChange,
  type ExcludedFiles,
  type ObservationExtras,
  type HistoryFiles,
  type RestorePreview,
  type WorkspaceChanges,
  type WorkspaceDiff,
} from "@deckhand/protocol";
import type { WorkspaceCheckpoints } from "../../checkpoints/checkpoint-store.ts";
import type { AnyOutcome, Tool } from "../../tools/tool.ts";
import { readCheckpoints, checkpointAt, wroteBetween, type Checkpoint } from "./checkpoint-log.ts";
import type { Checkpoints } from "./checkpoints.ts";

const mostNamed = 20;
const mostFiles = 200;
/** At the end of a task. */
const mostTold = 100;
/** In a preview. */
const mostPreviewed = 2000;

/** All of it; a preview is cut. */
interface Changes {
  readonly at: number;
  readonly after: number;
  readonly files: readonly FileChange[];
  readonly changed_since: readonly string[];
  readonly excluded: ExcludedFiles;
}

export class WorkspaceHistory {
  readonly #snapshots: Checkpoints;
  /** The action, as clients can ask for it. The agent has no such tool. */
  readonly restoreTool: Tool<"restore">;

  constructor(snapshots: Checkpoints) {
    this.#snapshots = snapshots;
    this.restoreTool = {
      action: "restore",
      description: "",
      offers: [],
      effect: () => "write",
      run: ({ at, force }, { signal }) => outcome(snapshots.alone(() => this.#restore(at, force, signal))),
    };
  }

  /** From the first snapshot, to the workspace as it is now. Fails with `no_checkpoint`, `checkpoint_failed`, `sandbox_unavailable`. */
  async diff(from: number | undefined, to: number | undefined): Promise<WorkspaceDiff> {
    const history = await this.#history();
    const signal = this.#snapshots.signal();
    const kept = await this.#kept(history);
    const start = from === undefined ? kept.find(({ isAvailable: there }) => there) : checkpointAt(kept, from);
    if (start?.isAvailable !== true) throw noSnapshot(from);
    const end = to === undefined ? undefined : checkpointAt(kept, to);
    if (to !== undefined && end?.isAvailable !== true) throw noSnapshot(to);
    const { tree, excluded: leftOut } = end ?? (await history.capture(signal));
    const patches = await history.patches(start.tree, tree, signal);
    return { from: start.after, to: end?.after ?? null, ...patches, excluded: leftOut };
  }

  /** What is another than at event `from`, when the workspace was looked at once more; undefined where that cannot be said in time. */
  async changesSince(from: number, signal: AbortSignal): Promise<WorkspaceChanges | undefined> {
    const over = Promise.withResolvers<undefined>();
    const onAbort = (): void => over.resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#changesSince(from), over.promise]);
    } catch {
      // No snapshot of then, no sandbox: the work is done all the same.
      return undefined;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #changesSince(from: number): Promise<WorkspaceChanges | undefined> {
    const now = await this.#snapshots.alone(() => this.#snapshots.record());
    const history = await this.#history();
    const start = checkpointAt(await this.#kept(history), from);
    if (now === undefined || start?.isAvailable !== true) return undefined;
    const files = await history.changes(start.tree, now.tree, this.#snapshots.signal());
    const sum = (of: "added_lines" | "deleted_lines"): number => files.reduce((lines, file) => lines + file[of], 0);
    return {
      files: files.slice(0, mostTold).map(({ status, path, added_lines, deleted_lines }) => ({
        status,
        path,
        added_lines,
        deleted_lines,
      })),
      changed_files: files.length,
      added_lines: sum("added_lines"),
      deleted_lines: sum("deleted_lines"),
    };
  }

  /** Fails as `diff`. */
  async preview(at: number): Promise<RestorePreview> {
    const signal = this.#snapshots.signal();
    const history = await this.#history();
    const kept = await this.#kept(history);
    const { head } = this.#snapshots.deps.state();
    const now = await history.capture(signal);
    const last = kept.at(-1);
    const wrote = last !== undefined && (await wroteBetween(this.#snapshots.deps.read, last.after, head));
    const outside = last !== undefined && (!wrote || this.#snapshots.typedSince);
    const changes = await this.#changes(
      at,
      [...kept, { ...now, after: Infinity, outside, isAvailable: true }],
      history,
      signal,
    );
    return { ...changes, files: changes.files.slice(0, mostPreviewed), changed_files: changes.files.length };
  }

  /** The files as they were at event `at`. Fails as `diff`. */
  async files(at: number): Promise<HistoryFiles> {
    const history = await this.#history();
    const { tree, after, excluded: leftOut } = await this.#treeAt(at, history);
    return { at, after, ...(await history.files(tree, this.#snapshots.signal())), excluded: leftOut };
  }

  /** The bytes of one of them. Fails as `diff`, and with `file_not_found`. */
  async file(at: number, path: string): Promise<Uint8Array> {
    const history = await this.#history();
    const { tree } = await this.#treeAt(at, history);
    const bytes = await history.file(tree, path, this.#snapshots.signal());
    if (bytes === undefined) throw new DeckhandError("file_not_found", `At event ${at} there was no such file.`);
    return bytes;
  }

  async #treeAt(at: number, history: WorkspaceCheckpoints): Promise<Checkpoint> {
    const target = checkpointAt(await this.#kept(history), at);
    if (target?.isAvailable !== true) throw noSnapshot(at);
    return target;
  }

  async #restore(at: number, force: boolean, asked: AbortSignal): Promise<AnyOutcome> {
    const signal = AbortSignal.any([asked, this.#snapshots.signal()]);
    const history = await this.#history();
    if (isWorking(this.#snapshots.deps.state().agentState)) throw new DeckhandError("conflict", atWorkSentence);
    const others = [...history.activeConversations].filter((id) => id !== this.#snapshots.deps.id);
    if (others.length > 0) {
      const sentence = `Conversation ${others[0]} works in the same workspace: pause or stop it first.`;
      throw new DeckhandError("conflict", sentence);
    }
    const now = await this.#snapshots.record();
    if (now === undefined) {
      throw new DeckhandError(
        "checkpoint_failed",
        "What the workspace is now could not be kept, so it is not changed.",
      );
    }
    const kept = await this.#kept(history);
    const changes = await this.#changes(at, kept, history, signal);
    if (changes.changed_since.length > 0 && !force) throw changedSince(changes);
    const target = checkpointAt(kept, at);
    if (target !== undefined && target.tree !== now.tree) await history.restore(now.tree, target.tree, signal);
    return told(changes);
  }

  /** `kept` ends with the workspace as it is. */
  async #changes(
    at: number,
    kept: readonly Checkpoint[],
    history: WorkspaceCheckpoints,
    signal: AbortSignal,
  ): Promise<Changes> {
    const target = checkpointAt(kept, at);
    const now = kept.at(-1);
    if (target?.isAvailable !== true || now === undefined) throw noSnapshot(at);
    const files = await history.changes(now.tree, target.tree, signal);
    const others = await history.changedPaths(outsidePairs(kept, target), signal);
    const named = files.flatMap(({ path, old_path: old }) => (old === undefined ? [path] : [path, old]));
    return {
      at,
      after: target.after,
      files,
      changed_since: named.filter((path) => others.has(path)),
      excluded: now.excluded,
    };
  }

  #kept(history: WorkspaceCheckpoints): Promise<Checkpoint[]> {
    const { id, read } = this.#snapshots.deps;
    return readCheckpoints(read, (after, tree) => history.isRetained(id, after, tree));
  }

  async #history(): Promise<WorkspaceCheckpoints> {
    const history = await this.#snapshots.history();
    if (history !== undefined) return history;
    throw new DeckhandError("no_checkpoint", "This server takes no snapshots of workspaces (DECKHAND_CHECKPOINTS).");
  }
}

/** Trees between which others than the agent changed something, from `target` on. Where one is gone, what it tells goes to the next. */
function outsidePairs(kept: readonly Checkpoint[], target: Checkpoint): [from: string, to: string][] {
  const pairs: [string, string][] = [];
  let before = target.tree;
  let outside = false;
  for (const each of kept.slice(kept.indexOf(target) + 1)) {
    outside ||= each.outside;
    if (!each.isAvailable) continue;
    if (outside) pairs.push([before, each.tree]);
    before = each.tree;
    outside = false;
  }
  return pairs;
}

export const atWorkSentence = "The agent works: pause or stop it first.";

// oxlint-disable-next-line require-yield -- it has nothing to tell on the way
async function* outcome(work: Promise<AnyOutcome>): AsyncGenerator<never, AnyOutcome> {
  return work;
}

function told({ at, files, changed_since: taken, excluded }: Changes): AnyOutcome {
  const extras: ObservationExtras<"restore"> = {
    at,
    changed_files: files.length,
    files: files.slice(0, mostFiles).map(({ status, path }) => ({ status, path })),
    reverted: taken.slice(0, mostFiles),
    excluded,
  };
  const lines = files.slice(0, mostNamed).map(({ status, path }) => `${status}: ${nameOf(path)}`);
  const more = files.length > mostNamed ? [`… and ${files.length - mostNamed} more`] : [];
  const what = files.length === 0 ? "Nothing in it had changed since." : "Files that are another now:";
  const content = [`The workspace is what it was at event ${at}. ${what}`, ...lines, ...more].join("\n");
  return { observation: "restore", content, extras } satisfies AnyOutcome;
}

function changedSince({ changed_since: names }: Changes): DeckhandError {
  const listed = names.slice(0, mostNamed).map(nameOf).join(", ");
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : "";
  const sentence = `Nothing was restored, because this would take back what was changed outside the agent's turns since: ${listed}${more}. Ask with \`force\` to do it all the same.`;
  return new DeckhandError("changed_since", sentence);
}

/** On one line, whatever it is. */
function nameOf(path: string): string {
  return escapeInvisible(path).replaceAll("\n", "⟨U+000A⟩").replaceAll("\t", "⟨U+0009⟩");
}

function noSnapshot(at: number | undefined): DeckhandError {
  const when = at === undefined ? "The agent has not worked here yet, so there" : `At event ${at} there`;
  return new DeckhandError("no_checkpoint", `${when} is no snapshot of the workspace (any more).`);
}
