/** A person's answers to approval requests and decisions about hosts. */
import type { Action } from "../wire/event.ts";
import type { ConversationState } from "./state.ts";

export function applyAnswer(state: ConversationState, { args, source }: Action<"approve">): ConversationState {
  const { id, decision, rules = [], name = "" } = args;
  if (state.awaiting?.id !== id) return state;
  const known = new Set(state.rules.map((rule) => JSON.stringify([rule.action, rule.pattern])));
  const added = rules.filter((rule) => !known.has(JSON.stringify([rule.action, rule.pattern])));
  return {
    ...state,
    awaiting: null,
    approved: decision === "deny" ? state.approved : id,
    lastAnswer: { id, decision, by: source, name },
    rules: decision === "allow_for_conversation" ? [...state.rules, ...added] : state.rules,
  };
}

export function applyAllowedHost(
  state: ConversationState,
  { host, allowed }: Action<"allow_host">["args"],
): ConversationState {
  const others = state.allowedHosts.filter((each) => each !== host);
  return { ...state, allowedHosts: allowed ? [...others, host] : others };
}
