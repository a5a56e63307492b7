import assert from "node:assert/strict";
import { test } from "node:test";
import { action, fold, observation, type Event, type NewEvent } from "@deckhand/protocol";
import { markersOf, stepFrom } from "./markers.ts";
import { stateCache } from "./view-at.ts";

function logOf(events: readonly NewEvent[]): readonly Event[] {
  return events.map((event, id) => ({ ...event, id, timestamp: new Date(id * 1000).toISOString() }));
}

const runObservation = (exitCode: number): NewEvent =>
  observation("agent", "run", "", {
    command: "x",
    exit_code: exitCode,
    cwd: "/",
    duration_ms: 1,
    truncated: false,
    hidden: false,
  });

test("[UT2] the state at any event is the fold of the events up to it, in whatever order states are requested", () => {
  const events = logOf(
    Array.from({ length: 1301 }, (_, id) =>
      id % 3 === 0
        ? action("user", "message", { content: `word ${id}`, image_urls: null, wait_for_response: false })
        : runObservation(id % 2),
    ),
  );
  const states = stateCache();
  for (const at of [1300, 0, 499, 500, 501, 1000, 7, -1, 999, 1299]) {
    assert.deepEqual(states.at(events, at), fold(events.slice(0, at + 1)), `at ${at}`);
  }
});

test("[UT2] messages, approvals, changes, failures and results are marked; steps skip bookkeeping events", () => {
  const events = logOf([
    action("user", "start", { task: "do" }),
    observation("agent", "chat", "do", { image_urls: null }),
    runObservation(0),
    runObservation(1),
    observation("agent", "write", "", { path: "a" }),
    observation("agent", "title", "A", {
      model: "m",
      usage: { input: 0, output: 0, cached_input: 0, cache_write: 0, reasoning: 0 },
      cost_usd: null,
    }),
    action("agent", "finish", { outputs: {}, thought: "" }),
  ]);
  assert.deepEqual(
    markersOf(events).map(({ id, kind }) => [id, kind]),
    [
      [0, "user"],
      [3, "failed"],
      [4, "changed"],
      [6, "ended"],
    ],
  );
  assert.deepEqual(
    [stepFrom(events, 0, 1), stepFrom(events, 4, 1), stepFrom(events, 6, -1), stepFrom(events, 2, -1)],
    [2, 6, 4, 0],
  );
});
