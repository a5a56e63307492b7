import type { CostKind, CostReport, CostSum } from "@deckhand/protocol";
import type { ConversationId } from "./event-store.ts";

/** What the calls of one model took in a conversation. */
export interface ModelCosts extends CostSum {
  readonly model: string;
  readonly kind: CostKind;
}

/** What one conversation took; dollars with those of its children. */
export interface PastCosts extends CostSum {
  /** Replies of the agent's work. */
  readonly steps: number;
}

/**
 * What models cost, kept beside the logs and written in the same transactions, so that no log is read for it. It fails with
 * `store_failed` where the medium does.
 */
export interface CostStore {
  /** All that stands in its log; empty for one that is not there. */
  of(conversation: ConversationId): Promise<readonly ModelCosts[]>;
  /** From that day on (`2026-10-31`, in UTC). Bounded: the newest days, the dearest models and conversations. */
  since(day: string): Promise<CostReport>;
  /** Of the newest conversations at rest in which the model worked and that are nobody's children, newest first. */
  past(model: string, limit: number): Promise<readonly PastCosts[]>;
}
