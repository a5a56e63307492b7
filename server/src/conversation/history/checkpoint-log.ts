/** What the log of a conversation knows of its workspace's past. */
import { isAction, mayChangeWorkspace, type ActionKind, type Event, type ExcludedFiles } from "@deckhand/protocol";
import { logPages } from "../log-pages.ts";

type Read = (after: number, limit: number) => Promise<readonly Event[]>;

export interface Checkpoint {
  readonly tree: string;
  /** Id of the last event before it. */
  readonly after: number;
  /** Something other than the agent changed the workspace since the checkpoint before. */
  readonly external: boolean;
  readonly excluded: ExcludedFiles;
  /** The tree is still stored; an imported log has none. */
  readonly isAvailable: boolean;
}

/** All checkpoints in a log, oldest first. */
export async function readCheckpoints(
  read: Read,
  isRetained: (after: number, tree: string) => boolean,
): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for await (const page of logPages(read)) {
    for (const event of page) {
      if (isAction(event) || event.observation !== "checkpoint") continue;
      const { tree, after, external, excluded } = event.extras;
      checkpoints.push({ tree, after, external, excluded, isAvailable: isRetained(after, tree) });
    }
  }
  return checkpoints;
}

/** The checkpoint that shows the workspace as it was at event `at`. */
export function checkpointAt(checkpoints: readonly Checkpoint[], at: number): Checkpoint | undefined {
  return checkpoints.findLast(({ after }) => after <= at);
}

/**
 * The pairs of trees, from `target` on, between which something other than the agent changed the workspace. If a tree is no
 * longer stored, what it would show is attributed to the next one.
 */
export function externalChanges(checkpoints: readonly Checkpoint[], target: Checkpoint): [from: string, to: string][] {
  const pairs: [string, string][] = [];
  let before = target.tree;
  let external = false;
  for (const checkpoint of checkpoints.slice(checkpoints.indexOf(target) + 1)) {
    external ||= checkpoint.external;
    if (!checkpoint.isAvailable) continue;
    if (external) pairs.push([before, checkpoint.tree]);
    before = checkpoint.tree;
    external = false;
  }
  return pairs;
}

/**
 * Whether the agent or a restore may have changed the workspace after event `after`, up to event `last`. An action without an
 * observation yet counts, except for a restore, which inspects the workspace before it begins.
 */
export async function mayHaveWrittenBetween(read: Read, after: number, last: number): Promise<boolean> {
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
  // Its action was still running at the checkpoint.
  return event.source === "agent" && mayChangeWorkspace(event.observation as ActionKind);
}
