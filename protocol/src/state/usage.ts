/** What model calls cost: per event, and added up in the state. */
import type { CostKind } from "../http/costs.ts";
import { isAction, type NewEvent, type Observation } from "../wire/event.ts";
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

/** The cost of one model call. */
export interface EventCost {
  readonly kind: CostKind;
  readonly model: string;
  readonly usage: Usage;
  /** Null when the price is unknown. */
  readonly costUsd: number | null;
}

/**
 * Null for an event without a model call. The sum over a log is the `usage` of its state, except for what subagents
 * used. A new kind of event with a model call has to be added here and to the fold.
 */
export function costOfEvent(event: NewEvent): EventCost | null {
  if (isAction(event)) {
    if (event.action !== "compact" || event.args.usage === undefined) return null;
    const { model = "", usage, cost_usd: costUsd = null } = event.args;
    return { kind: "compaction", model, usage, costUsd };
  }
  if (event.observation !== "reply" && event.observation !== "title") return null;
  const { model, usage, cost_usd: costUsd } = event.extras;
  return { kind: event.observation === "reply" ? "step" : "title", model, usage, costUsd };
}
