/** What models cost: in which events it stands, and what `/api/costs` and `/api/conversations/ID/costs` answer. */
import { isAction, type NewEvent } from "../wire/event.ts";
import type { ChildReport } from "../wire/observations.ts";
import type { Usage } from "../wire/usage.ts";

/** `step`: a reply of the agent's work. The others are asked for by the server itself. */
export type CostKind = "step" | "title" | "compaction";

/** What one call of a model took. */
export interface EventCost {
  readonly kind: CostKind;
  readonly model: string;
  readonly usage: Usage;
  /** Null where the price is not known. */
  readonly costUsd: number | null;
}

/** Null for an event that cost nothing. The sum over a log is the `usage` of its state, but for what its children used. */
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

export interface CostSum extends Usage {
  /** Of models. */
  readonly calls: number;
  /** Those whose price is not known; they are not in `cost_usd`. */
  readonly unpriced_calls: number;
  readonly cost_usd: number;
}

export const zeroCost: CostSum = {
  calls: 0,
  unpriced_calls: 0,
  cost_usd: 0,
  input: 0,
  output: 0,
  cached_input: 0,
  cache_write: 0,
  reasoning: 0,
};

export function sumCosts(sums: Iterable<CostSum>): CostSum {
  const total = { ...zeroCost };
  const names = Object.keys(zeroCost) as (keyof CostSum)[];
  for (const sum of sums) for (const name of names) total[name] += sum[name];
  return total;
}

/** One call of a model in a conversation. */
export interface CostStep {
  /** Of the event that tells of it. */
  readonly id: number;
  readonly timestamp: string;
  readonly kind: CostKind;
  readonly model: string;
  readonly usage: Usage;
  readonly cost_usd: number | null;
  /** Of the call; null where it is not known. */
  readonly duration_ms: number | null;
}

export interface ConversationCosts {
  /** Of its own log: without its children, and with what a fork or an import brought along. */
  readonly total: CostSum;
  /** What its children used, their own children's with it; they are conversations with costs of their own. */
  readonly children: readonly ChildCosts[];
  readonly models: readonly (CostSum & { readonly model: string; readonly kind: CostKind })[];
  /** In their order, from `after` on. */
  readonly steps: readonly CostStep[];
  /** The `after` of the steps that follow; null where there are none. */
  readonly next: number | null;
}

export type ChildCosts = Pick<
  ChildReport,
  "conversation" | "agent" | "usage" | "cost_usd" | "steps" | "unpriced_steps"
>;

/** What was spent by this server: what a fork or an import brought along is not counted again. */
export interface CostReport {
  /** The first day of it, in UTC: `2026-10-31`. */
  readonly since: string;
  readonly total: CostSum;
  /** Days with costs, newest first. */
  readonly days: readonly (CostSum & { readonly day: string })[];
  /** The dearest first, as the conversations. */
  readonly models: readonly (CostSum & { readonly model: string })[];
  /** `parent`: whose child it is. */
  readonly conversations: readonly (CostSum & {
    readonly id: string;
    readonly title: string;
    readonly parent: string | null;
  })[];
  /** Of conversations that were deleted since. */
  readonly deleted: CostSum;
}

export interface CostRange {
  readonly median: number;
  /** Nine of ten conversations stayed below it. */
  readonly p90: number;
}

/** What a conversation took with this model so far. */
export interface CostEstimate {
  readonly model: string;
  /** Ended ones, of the newest, that it is made of. */
  readonly conversations: number;
  /** Null where there are too few to tell. */
  readonly steps: CostRange | null;
  /** Null also where the price of the model is not known. */
  readonly cost_usd: CostRange | null;
  /** All of it, or why nothing can be told. */
  readonly sentence: string;
}
