/** What the log of a conversation knows of its workspace's past. */
import type { LoggedCheckpoint } from "../../store/checkpoint-index.ts";

export interface Checkpoint extends LoggedCheckpoint {
  /** The tree is still stored; an imported log has none. */
  readonly isAvailable: boolean;
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
