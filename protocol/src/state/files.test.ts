import assert from "node:assert/strict";
import { test } from "node:test";
import { action, observation } from "../build.ts";
import type { Event, NewEvent } from "../wire/event.ts";
import { verdictNow, type Evidence } from "../wire/evidence.ts";
import { fold } from "./fold.ts";

const log = (...events: readonly NewEvent[]): readonly Event[] =>
  events.map((event, id) => ({ id, timestamp: "2026-01-01T00:00:00.000Z", ...event }));
const leftOut = { ignored: 0, large: 0, unreadable: 0 };
const snapshot = (tree: string, after: number, outside = false): NewEvent =>
  observation("environment", "snapshot", "", { tree, after, outside, left_out: leftOut, duration_ms: 1 });
const ran = { command: "x", exit_code: 0, cwd: "/w", duration_ms: 1, truncated: false, hidden: false };
/** A command of the reply of that number: its action and its observation. */
const run = (reply: number, id: number): NewEvent[] => [
  action(
    "agent",
    "run",
    { command: "x", background: false, hidden: false, confirmation_state: "confirmed", thought: "" },
    { tool_call: { reply, id: "1" } },
  ),
  observation("agent", "run", "", ran, { cause: id, tool_call: { reply, id: "1" } }),
];
const edited = observation("agent", "edit", "", { path: "/w/a" });
const verdictOf = (events: readonly Event[], event: number): string => {
  const shown: Evidence = { claim: "tests pass", command: "x", verdict: "shown", event, exit_code: 0 };
  return verdictNow(shown, fold(events));
};

test("[EV2] what a command showed is stale when files were edited, written, sent or restored after it", () => {
  const upload = observation("user", "upload", "", { files: [], count: 1, size_bytes: 1 });
  for (const change of [edited, upload, observation("user", "write", "", { path: "/w/a" })]) {
    assert.equal(verdictOf(log(...run(9, 0)), 1), "shown");
    assert.equal(verdictOf(log(...run(9, 0), change), 1), "stale");
    assert.equal(verdictOf(log(change, ...run(9, 1)), 2), "shown");
  }
  assert.equal(verdictOf(log(...run(9, 0), observation("agent", "read", "", { path: "/w/a" })), 1), "shown");
});

test("[EV2] what a command changes itself does not make it stale, what a later one or somebody else changes does", () => {
  const first = [snapshot("a", -1), ...run(9, 1)];
  assert.equal(verdictOf(log(...first, snapshot("b", 2)), 2), "shown");
  assert.equal(verdictOf(log(...first, ...run(10, 3), snapshot("a", 4)), 2), "shown");
  assert.equal(verdictOf(log(...first, ...run(10, 3), snapshot("b", 4)), 2), "stale");
  assert.equal(verdictOf(log(...first, ...run(10, 3), snapshot("b", 4)), 4), "shown");
  assert.equal(verdictOf(log(...first, snapshot("b", 2, true)), 2), "stale");
  // The snapshot of the first step comes when the second has begun.
  const [second, done] = run(10, 3);
  assert.equal(verdictOf(log(...first, second!, snapshot("b", 2), done!), 2), "shown");
});

test("[EV2] what was not shown stays what it was", () => {
  const missing: Evidence = { claim: "c", command: "x", verdict: "missing" };
  assert.equal(verdictNow(missing, fold(log(edited))), "missing");
});
