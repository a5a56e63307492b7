import type { ApprovalRule } from "@deckhand/protocol";

/** A rule that a person has saved for every conversation of this server. */
export interface ServerRule extends ApprovalRule {
  /** Never reused. */
  readonly id: number;
  readonly createdAt: string;
}

/** Every method fails with `store_failed` if the medium fails; then the call has stored nothing. */
export interface RuleStore {
  /** Oldest first. */
  list(): Promise<readonly ServerRule[]>;
  /**
   * Stores all or none, and returns the stored rules; a rule that exists already stays as it is. Fails with `conflict`
   * where they would be more than `maxRules`.
   */
  add(rules: readonly ApprovalRule[]): Promise<readonly ServerRule[]>;
  /** Returns false if there is no rule with this id. */
  delete(id: number): Promise<boolean>;
}

/** Each action is checked against all of them, which takes about a millisecond for this many. */
export const maxRules = 1000;
