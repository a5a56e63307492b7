/** What the log knows of the workspace's past. */
import { isAction, mayChangeWorkspace, type ActionKind, type Event, type ExcludedFiles } from "@deckhand/protocol";
import { logPages } from "../log-pages.ts";

type Read = (after: number, limit: number) => Promise<readonly Event[]>;

export interface Checkpoint {
  readonly tree: string;
  /** Id of the last event that had happened. */
  readonly after: number;
  readonly outside: boolean;
  readonly excluded: ExcludedFiles;
  /** The tree is still there; a log that was imported has none. */
  readonly isAvailable: boolean;
}

/** All snapshots of a log, oldest first. */
export async function readCheckpoints(
  read: Read,
  isThere: (after: number, tree: string) => boolean,
): Promise<Checkpoint[]> {
  const kept: Checkpoint[] = [];
  for await (const page of logPages(read)) {
    for (const event of page) {
      if (isAction(event)) continue;
      if (event.observation !== "checkpoint") continue;
      const { tree, after, external: outside, excluded } = event.extras;
      kept.push({ tree, after, outside, excluded, isAvailable: isThere(after, tree) });
    }
  }
  return kept;
}

export function checkpointAt(kept: readonly Checkpoint[], at: number): Checkpoint | undefined {
  return kept.findLast(({ after }) => after <= at);
}

/**
 * The agent, or a restore, may have changed the workspace after event `after` and up to event `last`. An action that has no answer yet counts, but for a
 * restore, which looks at the workspace before it begins.
 */
export async function wroteBetween(read: Read, after: number, last: number): Promise<boolean> {
  for await (const page of logPages(read, after)) {
    if (page.some((event) => event.id <= last && mayHaveWritten(event))) return true;
    if ((page.at(-1)?.id ?? last) >= last) return false;
  }
  return false;
}

function mayHaveWritten(event: Event): boolean {
  if (isAction(event)) return event.source === "agent" && mayChangeWorkspace(event.action);
  if (event.cause === undefined) return false;
  if (event.observation === "restore") return true;
  if (event.observation === "error") return event.source === "agent" || event.extras.code === "checkpoint_failed";
  // One that was open at the snapshot.
  return event.source === "agent" && mayChangeWorkspace(event.observation as ActionKind);
}
