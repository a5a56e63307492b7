import type { CostKind, CostReport, CostSum } from "@deckhand/protocol";
import type { ConversationId } from "./event-store.ts";

/** Usage and cost of one model in a conversation. */
export interface ModelCosts extends CostSum {
  readonly model: string;
  readonly kind: CostKind;
}

/** Usage and cost of one conversation; the dollars include its subagents. */
export interface PastCosts extends CostSum {
  /** Replies of the model to the agent; titles and compactions do not count. */
  readonly steps: number;
}

/**
 * What models cost, stored next to the logs in the same transactions, so that no log has to be read. Every method fails with
 * `store_failed` if the medium fails.
 */
export interface CostStore {
  /** Everything in its log; empty for a conversation that does not exist. */
  of(conversation: ConversationId): Promise<readonly ModelCosts[]>;
  /** From that UTC day on (`2026-10-31`). Bounded: the newest days, the most expensive models and conversations. */
  since(day: string): Promise<CostReport>;
  /** The newest idle conversations without a parent in which the model was used, newest first. */
  past(model: string, limit: number): Promise<readonly PastCosts[]>;
}
