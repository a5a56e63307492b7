/**
 * When files in the workspace last changed, as far as the log shows: by an edit, write, upload or restore, or because a
 * checkpoint differs from the previous one. A checkpoint is taken after each step of the agent that may have changed
 * files, so its changes are attributed to the last such step before it; a command's own changes do not make its result
 * stale.
 */
import { isAction, type Action, type Event, type Observation } from "../wire/event.ts";
import type { Evidence, Verdict } from "../wire/evidence.ts";
import { mayChangeWorkspace } from "./runnable.ts";

export interface FileChanges {
  /** Id of the event that last changed files, after which earlier results are stale; -1 for none. */
  readonly changedAt: number;
  readonly tree: string | null;
  /** The latest replies with calls that may change files, and the first such call of each. */
  readonly steps: readonly { readonly reply: number; readonly first: number }[];
}

export const noFileChanges: FileChanges = { changedAt: -1, tree: null, steps: [] };

/** A checkpoint may be recorded after the next step has begun. */
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
    case "checkpoint": {
      const { tree, after, external } = event.extras;
      if (files.tree === tree) return files;
      const next = { ...files, tree };
      if (files.tree === null) return next;
      const step = external ? undefined : files.steps.findLast(({ first }) => first <= after);
      return changed(next, step?.first ?? after + 1);
    }
    default:
      return files;
  }
}

function changed(files: FileChanges, at: number): FileChanges {
  return at > files.changedAt ? { ...files, changedAt: at } : files;
}

/** The current verdict on a claim of a `finish`: what was shown becomes stale once files have changed. */
export function verdictNow(
  { verdict, event = -1 }: Evidence,
  { fileChanges }: { readonly fileChanges: FileChanges },
): Verdict {
  return verdict === "shown" && event < fileChanges.changedAt ? "stale" : verdict;
}
