/** The approval settings of a subagent: never looser than those of its parent. */
import { approvalPolicies, type ConversationState, type Settings } from "@deckhand/protocol";
import type { Agent } from "../../agent/agents.ts";
import type { ApprovalDefaults } from "../../agent/approval/policy.ts";

type ApprovalSettings = Pick<Settings, "approval" | "approval_seconds" | "confirmation_mode">;

/** The stricter of the two in each setting. */
export function stricter(
  one: ApprovalSettings,
  other: ApprovalSettings,
  { policy, seconds }: ApprovalDefaults,
): Required<ApprovalSettings> {
  const rank = ({ approval }: ApprovalSettings): number => approvalPolicies.indexOf(approval ?? policy);
  return {
    approval: approvalPolicies[Math.max(rank(one), rank(other))],
    approval_seconds: Math.min(one.approval_seconds ?? seconds, other.approval_seconds ?? seconds),
    confirmation_mode: one.confirmation_mode === true || other.confirmation_mode === true,
  };
}

/** The stricter settings, and the rules of both: what is allowed to the parent is allowed to the subagent. */
export function inheritApproval(
  child: Pick<ConversationState, "settings" | "rules">,
  parent: Pick<ConversationState, "settings" | "rules">,
  defaults: ApprovalDefaults,
): Pick<ConversationState, "settings" | "rules"> {
  return {
    settings: { ...child.settings, ...stricter(child.settings, parent.settings, defaults) },
    rules: [...child.rules, ...parent.rules],
  };
}

/** An agent's definition can make its approval settings stricter, never looser. */
export function withDefinedApproval<T extends Pick<ConversationState, "settings">>(
  state: T,
  { definition }: Agent,
  defaults: ApprovalDefaults,
): T {
  if (definition?.approval === undefined) return state;
  const settings = { ...state.settings, ...stricter(state.settings, { approval: definition.approval }, defaults) };
  return { ...state, settings };
}
