/** What holds for a child: never less than what holds for its parent. */
import { approvalPolicies, type ConversationState, type Settings } from "@deckhand/protocol";
import type { Agent } from "../../agent/agents.ts";
import type { ApprovalDefaults } from "../../agent/approval/policy.ts";

type Asking = Pick<Settings, "approval" | "approval_seconds" | "confirmation_mode">;

/** Of two ways of asking, in each point the stricter one. */
export function stricter(one: Asking, other: Asking, { policy, seconds }: ApprovalDefaults): Required<Asking> {
  const rank = ({ approval }: Asking): number => approvalPolicies.indexOf(approval ?? policy);
  return {
    approval: approvalPolicies[Math.max(rank(one), rank(other))],
    approval_seconds: Math.min(one.approval_seconds ?? seconds, other.approval_seconds ?? seconds),
    confirmation_mode: one.confirmation_mode === true || other.confirmation_mode === true,
  };
}

/** What the parent was allowed from now on, the child is, too. */
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

/** An agent whose definition says when to ask is asked about at least then. */
export function withDefinedApproval<T extends Pick<ConversationState, "settings">>(
  state: T,
  { definition: defined }: Agent,
  defaults: ApprovalDefaults,
): T {
  if (defined?.approval === undefined) return state;
  const settings = { ...state.settings, ...stricter(state.settings, { approval: defined.approval }, defaults) };
  return { ...state, settings };
}
