import type { ExcludedFiles } from "@deckhand/protocol";
import type { ConversationId } from "./event-store.ts";

/** A checkpoint in a log. */
export interface LoggedCheckpoint {
  readonly tree: string;
  /** Id of the last event before it. */
  readonly after: number;
  /** Something other than the agent changed the workspace since the checkpoint before. */
  readonly external: boolean;
  readonly excluded: ExcludedFiles;
}

/**
 * What the logs say about workspaces, stored next to them in the same transactions, so that no log has to be read. Every
 * method fails with `store_failed` if the medium fails.
 */
export interface CheckpointIndex {
  /** All checkpoints in a log, oldest first. Yields to the event loop, because there may be thousands. */
  list(conversation: ConversationId): Promise<readonly LoggedCheckpoint[]>;
  /**
   * Whether the agent or a restore may have changed the workspace after event `after`, up to event `last`. An action without
   * an observation yet counts, except for a restore, which inspects the workspace before it begins.
   */
  mayHaveWrittenBetween(conversation: ConversationId, after: number, last: number): Promise<boolean>;
}
