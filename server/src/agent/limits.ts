import type { ConversationState, LimitCode } from "@deckhand/protocol";
import type { Definition } from "./definitions/definition.ts";

type DefinedLimits = Definition["limits"];

/** What a conversation may use; infinite where there is no limit. The settings of the conversation win. */
export interface Limits {
  /** Of one turn. */
  readonly maxSteps: number;
  /** Of the whole conversation. */
  readonly maxCostUsd: number;
  /** Of the whole conversation, read and written. */
  readonly maxTokens: number;
  /** Of one turn, while it runs. */
  readonly maxSeconds: number;
}

export interface LimitReached {
  readonly code: LimitCode;
  readonly message: string;
}

/** Which limit stands in the way of another step, with the sentence of the first protocol, or null. */
export function limitReached(state: ConversationState, limits: Limits, nowMs: number): LimitReached | null {
  const { settings, turn, usage, limitRaises: raised } = state;
  const steps = (settings.max_steps ?? limits.maxSteps) * (1 + raised.turn);
  if (turn.steps >= steps) return { code: "limit_steps", message: sentence("iteration", turn.steps, steps) };
  const cost = costLimitUsd(state, limits);
  if (usage.costUsd >= cost) return { code: "limit_cost", message: sentence("budget", usage.costUsd, cost) };
  const tokens = tokenLimit(state, limits);
  const used = usage.input + usage.output;
  if (used >= tokens) return { code: "limit_tokens", message: sentence("tokens", used, tokens) };
  const seconds = (settings.max_seconds ?? limits.maxSeconds) * (1 + raised.turn);
  const active = (turn.activeMs + (turn.runningSince === null ? 0 : nowMs - turn.runningSince)) / 1000;
  if (active >= seconds) return { code: "limit_time", message: sentence("time", active, seconds) };
  return null;
}

/** It may use no more of what does not come back with a new message. */
export function isExhausted(state: ConversationState, limits: Limits): boolean {
  const { costUsd, input, output } = state.usage;
  return costUsd >= costLimitUsd(state, limits) || input + output >= tokenLimit(state, limits);
}

/** What the conversation may cost by now: each time that a person let it go on raises it by its first value. */
function costLimitUsd({ settings, limitRaises: raised }: ConversationState, limits: Limits): number {
  return (settings.max_cost_usd ?? limits.maxCostUsd) * (1 + raised.cost);
}

function tokenLimit({ settings, limitRaises: raised }: ConversationState, limits: Limits): number {
  return (settings.max_tokens ?? limits.maxTokens) * (1 + raised.tokens);
}

/** The trailing blank is the original's; classic clients look at how the text begins. */
function sentence(what: string, current: number, max: number): string {
  return `Agent reached maximum ${what}. Current ${what}: ${current.toFixed(2)}, max ${what}: ${max.toFixed(2)}. `;
}

/** What a definition allows its agent, and never more than holds without it. */
export function tightenLimits(limits: Limits, { steps, cost_usd: cost, tokens, seconds }: DefinedLimits): Limits {
  const least = (limit: number, defined = Infinity): number => Math.min(limit, defined);
  // As they are when they are looked at: a person can change what holds for the server.
  return {
    get maxSteps() {
      return least(limits.maxSteps, steps);
    },
    get maxCostUsd() {
      return least(limits.maxCostUsd, cost);
    },
    get maxTokens() {
      return least(limits.maxTokens, tokens);
    },
    get maxSeconds() {
      return least(limits.maxSeconds, seconds);
    },
  };
}
