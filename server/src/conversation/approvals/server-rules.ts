/** The rules that hold in every conversation, for those who look at them, add one by hand, and take one back. */
import { DeckhandError, type ApprovalRule } from "@deckhand/protocol";
import { normalizeRule } from "../../agent/approval/normalize-rule.ts";
import type { RuleStore, ServerRule } from "../../store/rule-store.ts";

export type { ServerRule };

export interface RulesApi {
  /** Oldest first. */
  list(): Promise<readonly ServerRule[]>;
  /** The rule as it would be kept. Fails with `bad_args`. */
  check(rule: ApprovalRule): Promise<ApprovalRule>;
  /** The rule as it is kept; it holds from the next question on. Fails with `bad_args`, and with `conflict` for too many. */
  add(rule: ApprovalRule): Promise<ServerRule>;
  /** Fails with `unknown_path` where there is none. */
  delete(id: number): Promise<void>;
}

export function serverRules(store: RuleStore): RulesApi {
  return {
    list: () => store.list(),
    check: normalizeRule,
    async add(rule) {
      const [kept] = await store.add([await normalizeRule(rule)]);
      if (kept === undefined) throw new Error("what is added is returned");
      return kept;
    },
    async delete(id) {
      if (!(await store.delete(id))) throw new DeckhandError("unknown_path", `There is no rule ${id}.`);
    },
  };
}
