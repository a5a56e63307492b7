/** Bodies of `GET /api/costs`, `/api/costs/estimate` and `/api/conversations/ID/costs`. */
import type { ChildReport } from "../wire/observations.ts";
import type { Usage } from "../wire/usage.ts";

/** `step`: a reply of the agent. The server itself requests titles and compactions. */
export type CostKind = "step" | "title" | "compaction";

export interface CostSum extends Usage {
  /** Model calls. */
  readonly calls: number;
  /** Calls whose price is unknown; `cost_usd` does not include them. */
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

/** One model call of a conversation. */
export interface CostStep {
  /** Id of the event that records it. */
  readonly id: number;
  readonly timestamp: string;
  readonly kind: CostKind;
  readonly model: string;
  readonly usage: Usage;
  readonly cost_usd: number | null;
  /** Null when unknown. */
  readonly duration_ms: number | null;
}

export interface ConversationCosts {
  /** Of this log: without subagents, and including what a fork or an import brought along. */
  readonly total: CostSum;
  /** Usage of each subagent, including its own subagents. They are conversations with their own costs. */
  readonly children: readonly ChildCosts[];
  readonly models: readonly (CostSum & { readonly model: string; readonly kind: CostKind })[];
  /** In order, starting after `after`. */
  readonly steps: readonly CostStep[];
  /** The `after` for the next page; null on the last one. */
  readonly next: number | null;
}

export type ChildCosts = Pick<
  ChildReport,
  "conversation" | "agent" | "usage" | "cost_usd" | "steps" | "unpriced_steps"
>;

/** What this server spent; what forks and imports brought along is not counted again. */
export interface CostReport {
  /** The first day covered, in UTC: `2026-10-31`. */
  readonly since: string;
  readonly total: CostSum;
  /** Days with costs, newest first. */
  readonly days: readonly (CostSum & { readonly day: string })[];
  /** Most expensive first, like the conversations. */
  readonly models: readonly (CostSum & { readonly model: string })[];
  /** `parent` is set for subagents. */
  readonly conversations: readonly (CostSum & {
    readonly id: string;
    readonly title: string;
    readonly parent: string | null;
  })[];
  /** Of conversations that have been deleted since. */
  readonly deleted: CostSum;
}

export interface CostRange {
  readonly median: number;
  /** Nine of ten conversations cost less. */
  readonly p90: number;
}

/** What a conversation with this model usually takes. */
export interface CostEstimate {
  readonly model: string;
  /** How many recent finished conversations this is based on. */
  readonly conversations: number;
  /** Null when there are too few conversations. */
  readonly steps: CostRange | null;
  /** Null also when the price of the model is unknown. */
  readonly cost_usd: CostRange | null;
  /** The estimate as a sentence, or why there is none. */
  readonly sentence: string;
}
