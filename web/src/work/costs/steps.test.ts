import assert from "node:assert/strict";
import { test } from "node:test";
import { observation, type Event, type ObservationExtras } from "@deckhand/protocol";
import { columns, costSteps, heightOf, niceCeiling, totals } from "./steps.ts";

const reply = (id: number, costUsd: number | null, more: Partial<ObservationExtras<"reply">> = {}): Event => ({
  id,
  timestamp: "2026-01-01T00:00:00.000Z",
  ...observation("environment", "reply", "", {
    model: "m",
    parts: [],
    finish_reason: "stop",
    usage: { input: 100, output: 10, cached_input: 60, cache_write: 0, reasoning: 0 },
    cost_usd: costUsd,
    duration_ms: 5,
    first_token_ms: 1,
    ...more,
  }),
});

test("[UW10] totals add up the known costs and count the unknown ones", () => {
  const steps = costSteps([reply(1, 0.5), reply(2, null)]);
  assert.deepEqual(totals(steps), { costUsd: 0.5, unpriced: 1, input: 200, cached: 120, output: 20, modelMs: 10 });
});

test("[UW10] a chart has one column per step, or per group of steps if there are many, and loses nothing", () => {
  const steps = costSteps(Array.from({ length: 1000 }, (_, id) => reply(id, 0.001)));
  const cost = columns(steps, "cost");
  assert.ok(cost.length <= 120);
  assert.ok(Math.abs(cost.reduce((sum, column) => sum + heightOf(column), 0) - 1) < 1e-9);
  assert.deepEqual(columns(steps.slice(0, 1), "tokens")[0]?.parts, [
    { kind: "cached", amount: 60 },
    { kind: "input", amount: 40 },
    { kind: "output", amount: 10 },
  ]);
  assert.deepEqual(columns(steps, "context"), [], "of steps that do not tell it there is no fill");
});

test("[UW10] an axis ends at a round number at or above the highest value", () => {
  assert.deepEqual([0, 0.0012, 0.9, 1, 1.1, 3400, 50_000].map(niceCeiling), [1, 0.002, 1, 1, 2, 5000, 50_000]);
});
