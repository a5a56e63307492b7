/** The approval rules that apply to every conversation: listing, adding and deleting them. */
import { DeckhandError, type ApprovalRule } from "@deckhand/protocol";
import { normalizeRule } from "../../agent/approval/normalize-rule.ts";
import type { RuleStore, ServerRule } from "../../store/rule-store.ts";

export type { ServerRule };

export interface RulesApi {
  /** Oldest first. */
  list(): Promise<readonly ServerRule[]>;
  /** The rule as it would be stored. Fails with `bad_args`. */
  check(rule: ApprovalRule): Promise<ApprovalRule>;
  /** The stored rule; it applies from the next action on. Fails with `bad_args`, and with `limit_exceeded` for too many. */
  add(rule: ApprovalRule): Promise<ServerRule>;
  /** Fails with `unknown_path` if there is none. */
  delete(id: number): Promise<void>;
}

export function serverRules(store: RuleStore): RulesApi {
  return {
    list: () => store.list(),
    check: normalizeRule,
    async add(rule) {
      const [stored] = await store.add([await normalizeRule(rule)]);
      if (stored === undefined) throw new Error("the store returned no rule");
      return stored;
    },
    async delete(id) {
      if (!(await store.delete(id))) throw new DeckhandError("unknown_path", `There is no rule ${id}.`);
    },
  };
}
