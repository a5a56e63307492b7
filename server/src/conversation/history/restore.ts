/** The action `restore`: brings the workspace back to what it was at an event. */
import {
  DeckhandError,
  escapeInvisible,
  isWorking,
  type ConversationState,
  type ExcludedFiles,
  type FileChange,
  type ObservationExtras,
} from "@deckhand/protocol";
import type { WorkspaceCheckpoints } from "../../checkpoints/checkpoint-store.ts";
import type { AnyOutcome, Tool } from "../../tools/tool.ts";
import { checkpointAt, externalChanges, type Checkpoint } from "./checkpoint-log.ts";
import type { Checkpoints } from "./checkpoints.ts";

/** Files named in sentences, and those listed in the observation. */
const maxNamedFiles = 20;
const maxListedFiles = 200;

export const workingSentence = "The agent is working: pause or stop it first.";

/** What a restore changes. */
export interface RestoreChanges {
  readonly at: number;
  /** Id of the last event before the checkpoint. */
  readonly after: number;
  readonly files: readonly FileChange[];
  /** Paths among them that something other than the agent changed since: those changes would be lost. */
  readonly changed_since: readonly string[];
  readonly excluded: ExcludedFiles;
}

/** `checkpoints` ends with the workspace as it is now. Fails with `no_checkpoint`. */
export async function restoreChanges(
  at: number,
  checkpoints: readonly Checkpoint[],
  workspace: WorkspaceCheckpoints,
  signal: AbortSignal,
): Promise<RestoreChanges> {
  const target = checkpointAt(checkpoints, at);
  const now = checkpoints.at(-1);
  if (target?.isAvailable !== true || now === undefined) throw noCheckpoint(at);
  const files = await workspace.changes(now.tree, target.tree, signal);
  const external = await workspace.changedPaths(externalChanges(checkpoints, target), signal);
  const paths = files.flatMap(({ path, old_path: old }) => (old === undefined ? [path] : [path, old]));
  return {
    at,
    after: target.after,
    files,
    changed_since: paths.filter((path) => external.has(path)),
    excluded: now.excluded,
  };
}

export function noCheckpoint(at: number | undefined): DeckhandError {
  const sentence =
    at === undefined
      ? "There is no checkpoint of the workspace yet: the agent has not worked here."
      : `There is no checkpoint of the workspace for event ${at}, or it is no longer stored.`;
  return new DeckhandError("no_checkpoint", sentence);
}

interface RestoreDeps {
  readonly id: string;
  readonly state: () => ConversationState;
  readonly checkpoints: Checkpoints;
}

/** Clients can call it; the agent is not offered it. */
export function createRestoreTool({ id, state, checkpoints }: RestoreDeps): Tool<"restore"> {
  async function restore(at: number, force: boolean, stop: AbortSignal): Promise<AnyOutcome> {
    const signal = AbortSignal.any([stop, checkpoints.signal()]);
    const workspace = await checkpoints.open();
    if (isWorking(state().agentState)) throw new DeckhandError("busy", workingSentence);
    const other = [...workspace.activeConversations].find((active) => active !== id);
    if (other !== undefined) {
      const sentence = `Conversation ${other} is working in the same workspace: pause or stop it first.`;
      throw new DeckhandError("busy", sentence);
    }
    const now = await checkpoints.record();
    if (now === undefined) {
      const sentence = "Nothing was restored, because no checkpoint of the present state could be taken first.";
      throw new DeckhandError("checkpoint_failed", sentence);
    }
    const all = await checkpoints.list(workspace);
    const changes = await restoreChanges(at, all, workspace, signal);
    if (changes.changed_since.length > 0 && !force) throw changedSince(changes);
    const target = checkpointAt(all, at);
    if (target !== undefined && target.tree !== now.tree) await workspace.restore(now.tree, target.tree, signal);
    return outcomeOf(changes);
  }

  return {
    action: "restore",
    description: "",
    modelArgs: [],
    effect: () => "write",
    // oxlint-disable-next-line require-yield -- it has no deltas
    async *run({ at, force }, { signal }) {
      return await checkpoints.exclusively(() => restore(at, force, signal));
    },
  };
}

function outcomeOf({ at, files, changed_since: reverted, excluded }: RestoreChanges): AnyOutcome {
  const extras: ObservationExtras<"restore"> = {
    at,
    changed_files: files.length,
    files: files.slice(0, maxListedFiles).map(({ status, path }) => ({ status, path })),
    reverted: reverted.slice(0, maxListedFiles),
    excluded,
  };
  const lines = files.slice(0, maxNamedFiles).map(({ status, path }) => `${status}: ${onOneLine(path)}`);
  const more = files.length > maxNamedFiles ? [`… and ${files.length - maxNamedFiles} more`] : [];
  const summary = files.length === 0 ? "Nothing in it had changed since." : "Changed files:";
  const content = [`The workspace is what it was at event ${at}. ${summary}`, ...lines, ...more].join("\n");
  return { observation: "restore", content, extras } satisfies AnyOutcome;
}

function changedSince({ changed_since: paths }: RestoreChanges): DeckhandError {
  const listed = paths.slice(0, maxNamedFiles).map(onOneLine).join(", ");
  const more = paths.length > maxNamedFiles ? ` and ${paths.length - maxNamedFiles} more` : "";
  const sentence = `Nothing was restored, because it would revert changes made outside the agent's turns: ${listed}${more}. Repeat with \`force\` to restore anyway.`;
  return new DeckhandError("changed_since", sentence);
}

function onOneLine(path: string): string {
  return escapeInvisible(path).replaceAll("\n", "⟨U+000A⟩").replaceAll("\t", "⟨U+0009⟩");
}
