/**
 * When the files of the workspace last became others, as far as the log tells: by an edit, a write, an upload, a restore, or where a
 * snapshot is another than the one before. A snapshot is taken after each step of the agent that may have changed something, so what it shows was
 * done in the last such step before it; what a command changes itself does not make what it showed stale.
 */
import { mayChangeWorkspace } from "../wire/actions.ts";
import { isAction, type Action, type Event, type Observation } from "../wire/event.ts";

export interface FileChanges {
  /** What a command told before this event it told of other files. -1: of these. */
  readonly changedAt: number;
  readonly tree: string | null;
  /** The last replies whose calls may have changed something, with the first of those calls. */
  readonly steps: readonly { readonly reply: number; readonly first: number }[];
}

export const noFileChanges: FileChanges = { changedAt: -1, tree: null, steps: [] };

/** A snapshot may come when the next step has begun already. */
const maxSteps = 3;

export function trackFiles(files: FileChanges, event: Event): FileChanges {
  return isAction(event) ? trackAction(files, event) : trackObservation(files, event);
}

function trackAction(files: FileChanges, event: Action): FileChanges {
  if (event.source !== "agent" || event.tool_call === undefined || !mayChangeWorkspace(event.action)) return files;
  const { reply } = event.tool_call;
  if (files.steps.at(-1)?.reply === reply) return files;
  return { ...files, steps: [...files.steps, { reply, first: event.id }].slice(-maxSteps) };
}

function trackObservation(files: FileChanges, event: Observation): FileChanges {
  switch (event.observation) {
    case "edit":
    case "write":
    case "upload":
    case "restore":
      return changed(files, event.id);
    case "imported":
      return { ...files, tree: null };
    case "snapshot": {
      const { tree, after, outside } = event.extras;
      if (files.tree === tree) return files;
      const next = { ...files, tree };
      if (files.tree === null) return next;
      const step = outside ? undefined : files.steps.findLast(({ first }) => first <= after);
      return changed(next, step?.first ?? after + 1);
    }
    default:
      return files;
  }
}

function changed(files: FileChanges, at: number): FileChanges {
  return at > files.changedAt ? { ...files, changedAt: at } : files;
}
