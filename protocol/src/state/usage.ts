/** What model calls cost. */
import type { Observation } from "../wire/event.ts";
import type { Usage } from "../wire/usage.ts";
import type { ConversationState } from "./state.ts";

export function applyReply(state: ConversationState, event: Observation<"reply">): ConversationState {
  const { usage, cost_usd: cost } = event.extras;
  const calls = event.extras.parts.filter((part) => part.type === "call");
  const spent = addUsage(state, usage, cost);
  return {
    ...spent,
    pendingCalls: calls.map((call) => ({ ...call, reply: event.id })),
    turn: { ...state.turn, steps: state.turn.steps + 1 },
    usage: {
      ...spent.usage,
      steps: state.usage.steps + 1,
      unpricedSteps: state.usage.unpricedSteps + (cost === null ? 1 : 0),
    },
  };
}

export function addUsage(state: ConversationState, tokens: Usage, costUsd: number | null): ConversationState {
  return {
    ...state,
    usage: {
      ...state.usage,
      costUsd: state.usage.costUsd + (costUsd ?? 0),
      input: state.usage.input + tokens.input,
      output: state.usage.output + tokens.output,
      cached_input: state.usage.cached_input + tokens.cached_input,
      cache_write: state.usage.cache_write + tokens.cache_write,
      reasoning: state.usage.reasoning + tokens.reasoning,
    },
  };
}
