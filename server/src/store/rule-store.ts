import type { ApprovalRule } from "@deckhand/protocol";

/** What a person has allowed for every conversation of this server. */
export interface ServerRule extends ApprovalRule {
  /** Never given twice. */
  readonly id: number;
  readonly createdAt: string;
}

/** Every method fails with `store_failed` where the medium does; then nothing of the call is stored. */
export interface RuleStore {
  /** Oldest first. */
  list(): Promise<readonly ServerRule[]>;
  /**
   * Keeps all or none, and returns them as they are kept; one that is there already stays as it is. Fails with `conflict`
   * where they would be more than `maxRules`.
   */
  add(rules: readonly ApprovalRule[]): Promise<readonly ServerRule[]>;
  /** False where there is none of this id. */
  delete(id: number): Promise<boolean>;
}

/** Each question looks at all of them, which takes about a millisecond for so many. */
export const maxRules = 1000;
