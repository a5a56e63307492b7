/** What the workspace was at earlier events: differences, files, and what a restore would change. */
import {
  DeckhandError,
  type ConversationState,
  type HistoryFiles,
  type RestorePreview,
  type WorkspaceChanges,
  type WorkspaceDiff,
} from "@deckhand/protocol";
import { abortable } from "../../async/abortable.ts";
import type { WorkspaceCheckpoints } from "../../checkpoints/checkpoint-store.ts";
import type { Tool } from "../../tools/tool.ts";
import { checkpointAt, type Checkpoint } from "./checkpoint-log.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { createRestoreTool, noCheckpoint, restoreChanges } from "./restore.ts";

/** Files listed at the end of a task, and in a preview. */
const maxSummaryFiles = 100;
const maxPreviewFiles = 2000;

interface HistoryDeps {
  readonly id: string;
  readonly state: () => ConversationState;
  readonly checkpoints: Checkpoints;
}

export class WorkspaceHistory {
  readonly #deps: HistoryDeps;
  readonly restoreTool: Tool<"restore">;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
    this.restoreTool = createRestoreTool(deps);
  }

  /** By default from the first checkpoint to the present. Fails with `no_checkpoint`, `checkpoint_failed`, `sandbox_unavailable`. */
  async diff(from: number | undefined, to: number | undefined): Promise<WorkspaceDiff> {
    const { checkpoints } = this.#deps;
    const workspace = await checkpoints.open();
    const signal = checkpoints.signal();
    const all = await checkpoints.list(workspace);
    const start = from === undefined ? all.find(({ isAvailable }) => isAvailable) : checkpointAt(all, from);
    if (start?.isAvailable !== true) throw noCheckpoint(from);
    const end = to === undefined ? undefined : checkpointAt(all, to);
    if (to !== undefined && end?.isAvailable !== true) throw noCheckpoint(to);
    const { tree, excluded } = end ?? (await workspace.capture(signal));
    const patches = await workspace.patches(start.tree, tree, signal);
    return { from: start.after, to: end?.after ?? null, ...patches, excluded };
  }

  /** What has changed since event `from`, by a new capture; undefined if that cannot be determined before the signal aborts. */
  async changesSince(from: number, signal: AbortSignal): Promise<WorkspaceChanges | undefined> {
    try {
      return await abortable(this.#changesSince(from), signal);
    } catch {
      // No checkpoint of that event, no sandbox, no time: the task is finished anyway.
      return undefined;
    }
  }

  /** Fails as `diff`. */
  async preview(at: number): Promise<RestorePreview> {
    const { checkpoints, state } = this.#deps;
    const signal = checkpoints.signal();
    const workspace = await checkpoints.open();
    const all = await checkpoints.list(workspace);
    const { head } = state();
    const captured = await workspace.capture(signal);
    const last = all.at(-1);
    const wrote = last !== undefined && (await checkpoints.mayHaveWrittenBetween(last.after, head));
    const external = last !== undefined && (!wrote || checkpoints.hasTypedSince);
    const now: Checkpoint = { ...captured, after: Infinity, external, isAvailable: true };
    const changes = await restoreChanges(at, [...all, now], workspace, signal);
    return { ...changes, files: changes.files.slice(0, maxPreviewFiles), changed_files: changes.files.length };
  }

  /** The files as they were at event `at`. Fails as `diff`. */
  async files(at: number): Promise<HistoryFiles> {
    const { checkpoints } = this.#deps;
    const workspace = await checkpoints.open();
    const { tree, after, excluded } = await this.#checkpointAt(at, workspace);
    return { at, after, ...(await workspace.files(tree, checkpoints.signal())), excluded };
  }

  /** The content of one of them. Fails as `diff`, and with `file_not_found`. */
  async file(at: number, path: string): Promise<Uint8Array> {
    const { checkpoints } = this.#deps;
    const workspace = await checkpoints.open();
    const { tree } = await this.#checkpointAt(at, workspace);
    const bytes = await workspace.file(tree, path, checkpoints.signal());
    if (bytes === undefined) throw new DeckhandError("file_not_found", `There was no such file at event ${at}.`);
    return bytes;
  }

  async #checkpointAt(at: number, workspace: WorkspaceCheckpoints): Promise<Checkpoint> {
    const checkpoint = checkpointAt(await this.#deps.checkpoints.list(workspace), at);
    if (checkpoint?.isAvailable !== true) throw noCheckpoint(at);
    return checkpoint;
  }

  async #changesSince(from: number): Promise<WorkspaceChanges | undefined> {
    const { checkpoints } = this.#deps;
    const now = await checkpoints.exclusively(() => checkpoints.record());
    const workspace = await checkpoints.open();
    const start = checkpointAt(await checkpoints.list(workspace), from);
    if (now === undefined || start?.isAvailable !== true) return undefined;
    const files = await workspace.changes(start.tree, now.tree, checkpoints.signal());
    const sum = (of: "added_lines" | "deleted_lines"): number => files.reduce((lines, file) => lines + file[of], 0);
    return {
      files: files.slice(0, maxSummaryFiles).map(({ status, path, added_lines, deleted_lines }) => ({
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
}
