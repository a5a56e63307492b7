import assert from "node:assert/strict";
import { test } from "node:test";
import { actionArgs } from "../wire/actions.ts";
import { action, observation, stateChange } from "../build.ts";
import type { Event, NewEvent } from "../wire/event.ts";
import type { ChildReport } from "../wire/observations.ts";
import { fold } from "./fold.ts";

const startMs = Date.parse("2026-01-01T00:00:00.000Z");

/** Events one second apart. */
function stateAfter(events: readonly NewEvent[]) {
  const log = events.map((event, id) => ({ ...event, id, timestamp: new Date(startMs + id * 1000).toISOString() }));
  return fold(log as readonly Event[]);
}

const delegate = action("agent", "delegate", actionArgs.delegate.parse({ agent: "explorer", task: "look" }));
const child = (conversation: string, to: number, more: Partial<ChildReport> = {}): NewEvent =>
  observation("environment", "child", "", {
    conversation,
    action: to,
    agent: "explorer",
    agent_state: "running",
    awaiting: null,
    usage: { input: 0, output: 0, cached_input: 0, cache_write: 0, reasoning: 0 },
    cost_usd: 0,
    steps: 0,
    unpriced_steps: 0,
    ...more,
  });
const used = (costUsd: number, steps: number) => ({
  cost_usd: costUsd,
  steps,
  unpriced_steps: 1,
  usage: { input: 100 * steps, output: 10 * steps, cached_input: 0, cache_write: 0, reasoning: 0 },
});
const ended = (cause: number) =>
  observation(
    "agent",
    "delegate",
    "",
    {
      outputs: {},
      conversation: "a",
      agent: "explorer",
      agent_state: "finished",
      steps: 1,
      cost_usd: 0,
      duration_ms: 1,
    },
    { cause },
  );

test("[DG4] usage of subagents is counted once however often it is reported, and also separately", () => {
  const begun = [stateChange("running"), delegate, delegate, child("a", 1), child("b", 2)];
  const reported = [...begun, child("a", 1, used(0.25, 2)), child("a", 1, used(0.25, 2)), child("b", 2, used(0.5, 1))];
  const state = stateAfter([...reported, child("a", 1, used(0.5, 3))]);
  assert.equal(state.usage.costUsd, 1);
  assert.deepEqual(state.childUsage, { steps: 4, costUsd: 1 });
  assert.deepEqual([state.usage.steps, state.usage.unpricedSteps], [4, 2]);
  assert.deepEqual([state.usage.input, state.usage.output], [400, 40]);
  assert.equal(state.turn.steps, 4);
  assert.deepEqual(
    state.children.map(({ conversation, steps }) => [conversation, steps]),
    [
      ["a", 3],
      ["b", 1],
    ],
  );
});

test("[DG4] what a subagent does after its delegation ended costs money but adds no steps to the turn", () => {
  const state = stateAfter([
    stateChange("running"),
    delegate,
    child("a", 1, used(0.25, 1)),
    ended(1),
    child("a", 1, used(1, 5)),
  ]);
  assert.deepEqual([state.turn.steps, state.usage.steps, state.usage.costUsd], [1, 5, 1]);
});

test("[DG4] the clock of a turn stops while every subagent it waits for is waiting for a person", () => {
  const waits = {
    agent_state: "awaiting_user_confirmation",
    awaiting: { conversation: "a", id: 3, message: "x" },
  } as const;
  const log = [stateChange("running"), delegate, delegate, child("a", 1), child("b", 2)];
  const oneWaits = stateAfter([...log, child("a", 1, waits)]);
  assert.notEqual(oneWaits.turn.runningSince, null);
  const bothWait = [...log, child("a", 1, waits), child("b", 2, waits)];
  assert.deepEqual(stateAfter(bothWait).turn, { steps: 0, activeMs: 6000, runningSince: null });
  const resumed = stateAfter([...bothWait, child("c", 9), child("b", 2)]);
  assert.deepEqual(resumed.turn, { steps: 0, activeMs: 6000, runningSince: startMs + 8000 });
});

test("[DG4] the first event names the parent; a copy has neither parent nor subagents", () => {
  const parent = { conversation: "p", action: 4, root: "p", depth: 1 };
  const spawned = action("environment", "initialize", { model: "m", parent });
  const state = stateAfter([spawned, child("c", 3, used(0.5, 1))]);
  assert.deepEqual(state.parent, parent);
  assert.deepEqual(state.settings, { model: "m" });
  const copy = stateAfter([
    spawned,
    child("c", 3, used(0.5, 1)),
    action("environment", "initialize", { parent: null }),
  ]);
  assert.deepEqual([copy.parent, copy.children, copy.usage.costUsd], [null, [], 0.5]);
  const imported = stateAfter([spawned, child("c", 3), observation("environment", "imported", "", {})]);
  assert.deepEqual([imported.parent, imported.children], [null, []]);
});
