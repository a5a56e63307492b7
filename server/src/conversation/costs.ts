/** What models cost: per call of a conversation, for all conversations, and an estimate for the next one. */
import {
  sumCosts,
  DeckhandError,
  isAction,
  costOfEvent,
  type ChildCosts,
  type ConversationCosts,
  type CostEstimate,
  type CostRange,
  type CostReport,
  type CostStep,
  type Event,
} from "@deckhand/protocol";
import type { PastCosts } from "../store/cost-store.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { Store } from "../store/store.ts";
import { eventPages } from "./transfer/pages.ts";
import { readState } from "./state-cache.ts";

export interface CostsApi {
  /** At most `limit` calls after event `after`. Fails with `unknown_conversation`. */
  of(id: ConversationId, after: number, limit: number): Promise<ConversationCosts>;
  /** From that UTC day on, such as `2026-10-31`. */
  since(day: string): Promise<CostReport>;
  /** Based on the model's recent conversations. */
  estimate(model: string): Promise<CostEstimate>;
}

/** Only the newest conversations: models and tasks change. */
const maxPast = 200;
/** For fewer conversations a 90th percentile says nothing. */
const minPast = 5;

export function costsOf(store: Store): CostsApi {
  return {
    async of(id, after, limit) {
      const row = await store.row(id);
      if (row === undefined) throw new DeckhandError("unknown_conversation");
      const models = await store.costs.of(id);
      const { children } = await readState(id, store);
      const steps: CostStep[] = [];
      for await (const page of eventPages(id, row.head, store, after)) {
        steps.push(...page.flatMap(stepOf));
        if (steps.length > limit) break;
      }
      const shown = steps.slice(0, limit);
      return {
        total: sumCosts(models),
        models,
        children: children.map(childCosts),
        steps: shown,
        next: steps.length > limit ? (shown.at(-1)?.id ?? null) : null,
      };
    },
    since: (day) => store.costs.since(day),
    estimate: async (model) => estimateOf(model, await store.costs.past(model, maxPast)),
  };
}

function childCosts({ conversation, agent, usage, cost_usd, steps, unpriced_steps }: ChildCosts): ChildCosts {
  return { conversation, agent, usage, cost_usd, steps, unpriced_steps };
}

function stepOf(event: Event): readonly CostStep[] {
  const spent = costOfEvent(event);
  if (spent === null) return [];
  const { kind, model, usage, costUsd } = spent;
  const durationMs = !isAction(event) && event.observation === "reply" ? event.extras.duration_ms : null;
  const { id, timestamp } = event;
  return [{ id, timestamp, kind, model, usage, cost_usd: costUsd, duration_ms: durationMs }];
}

export function estimateOf(model: string, past: readonly PastCosts[]): CostEstimate {
  const conversations = past.length;
  if (conversations < minPast) {
    const seen = conversations === 0 ? "has not been used here yet" : `was used in ${conversations} here`;
    const sentence = `There is no estimate for ${model}: it ${seen}, and ${minPast} conversations are needed.`;
    return { model, conversations, steps: null, cost_usd: null, sentence };
  }
  const steps = rangeOf(past.map((each) => each.steps));
  const priced = past.filter((each) => each.unpriced_calls === 0);
  const cost = priced.length < minPast ? null : rangeOf(priced.map((each) => each.cost_usd));
  const costs = cost === null ? "at an unknown price" : `for ${dollars(cost.median)}`;
  const costP90 = cost === null ? "" : ` and ${dollars(cost.p90)}`;
  return {
    model,
    conversations,
    steps,
    cost_usd: cost,
    sentence: `A conversation with ${model} takes about ${steps.median} steps ${costs}; nine out of ten stay within ${steps.p90} steps${costP90} (last ${conversations} conversations here).`,
  };
}

/** By nearest rank, so that each value is one that occurred. */
function rangeOf(values: readonly number[]): CostRange {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { median: at(0.5), p90: at(0.9) };
}

function dollars(usd: number): string {
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}
