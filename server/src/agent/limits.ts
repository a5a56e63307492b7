import type { ConversationState, LimitCode } from "@deckhand/protocol";
import type { Definition } from "./definitions/definition.ts";

type DefinedLimits = Definition["limits"];

/** What a conversation may use; `Infinity` means no limit. The settings of the conversation take precedence. */
export interface Limits {
  /** Per turn. */
  readonly maxSteps: number;
  /** For the whole conversation. */
  readonly maxCostUsd: number;
  /** Input and output, for the whole conversation. */
  readonly maxTokens: number;
  /** Per turn, without the time it is paused or waits for an approval. */
  readonly maxSeconds: number;
}

export interface LimitReached {
  readonly code: LimitCode;
  readonly message: string;
}

/** The limit that rules out another step, or null. The message is that of OpenHands 0.9–0.14. */
export function limitReached(state: ConversationState, limits: Limits, nowMs: number): LimitReached | null {
  const { settings, turn, usage, limitRaises: raised } = state;
  const steps = (settings.max_steps ?? limits.maxSteps) * (1 + raised.turn);
  if (turn.steps >= steps) return { code: "limit_steps", message: limitMessage("iteration", turn.steps, steps) };
  const cost = costLimitUsd(state, limits);
  if (usage.costUsd >= cost) return { code: "limit_cost", message: limitMessage("budget", usage.costUsd, cost) };
  const tokens = tokenLimit(state, limits);
  const used = usage.input + usage.output;
  if (used >= tokens) return { code: "limit_tokens", message: limitMessage("tokens", used, tokens) };
  const seconds = (settings.max_seconds ?? limits.maxSeconds) * (1 + raised.turn);
  const active = (turn.activeMs + (turn.runningSince === null ? 0 : nowMs - turn.runningSince)) / 1000;
  if (active >= seconds) return { code: "limit_time", message: limitMessage("time", active, seconds) };
  return null;
}

/** Whether a limit is reached that a new message does not reset. */
export function isExhausted(state: ConversationState, limits: Limits): boolean {
  const { costUsd, input, output } = state.usage;
  return costUsd >= costLimitUsd(state, limits) || input + output >= tokenLimit(state, limits);
}

/** Each time a person lets the conversation continue, the limit rises by its initial value. */
function costLimitUsd({ settings, limitRaises: raised }: ConversationState, limits: Limits): number {
  return (settings.max_cost_usd ?? limits.maxCostUsd) * (1 + raised.cost);
}

function tokenLimit({ settings, limitRaises: raised }: ConversationState, limits: Limits): number {
  return (settings.max_tokens ?? limits.maxTokens) * (1 + raised.tokens);
}

/** The trailing space is there in OpenHands, too. Classic clients look at how the text begins. */
function limitMessage(what: string, current: number, max: number): string {
  return `Agent reached maximum ${what}. Current ${what}: ${current.toFixed(2)}, max ${what}: ${max.toFixed(2)}. `;
}

/** The limits of an agent's definition can only lower those of the server. */
export function tightenLimits(limits: Limits, { steps, cost_usd: cost, tokens, seconds }: DefinedLimits): Limits {
  const lower = (limit: number, defined = Infinity): number => Math.min(limit, defined);
  // Getters, because the server's limits can change while it runs.
  return {
    get maxSteps() {
      return lower(limits.maxSteps, steps);
    },
    get maxCostUsd() {
      return lower(limits.maxCostUsd, cost);
    },
    get maxTokens() {
      return lower(limits.maxTokens, tokens);
    },
    get maxSeconds() {
      return lower(limits.maxSeconds, seconds);
    },
  };
}
