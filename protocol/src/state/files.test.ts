import assert from "node:assert/strict";
import { test } from "node:test";
import { action, observation } from "../build.ts";
import type { Event, NewEvent } from "../wire/event.ts";
import type { Evidence } from "../wire/evidence.ts";
import { verdictNow } from "./files.ts";
import { fold } from "./fold.ts";

const log = (...events: readonly NewEvent[]): readonly Event[] =>
  events.map((event, id) => ({ id, timestamp: "2026-01-01T00:00:00.000Z", ...event }));
const excluded = { ignored: 0, large: 0, unreadable: 0 };
const checkpoint = (tree: string, after: number, external = false): NewEvent =>
  observation("environment", "checkpoint", "", { tree, after, external, excluded, duration_ms: 1 });
const ran = { command: "x", exit_code: 0, cwd: "/w", duration_ms: 1, truncated: false, hidden: false };
/** A command from the reply with that id: its action and its observation. */
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

test("[EV2] a result is stale once files were edited, written or uploaded after it", () => {
  const upload = observation("user", "upload", "", { files: [], count: 1, size_bytes: 1 });
  for (const change of [edited, upload, observation("user", "write", "", { path: "/w/a" })]) {
    assert.equal(verdictOf(log(...run(9, 0)), 1), "shown");
    assert.equal(verdictOf(log(...run(9, 0), change), 1), "stale");
    assert.equal(verdictOf(log(change, ...run(9, 1)), 2), "shown");
  }
  assert.equal(verdictOf(log(...run(9, 0), observation("agent", "read", "", { path: "/w/a" })), 1), "shown");
});

test("[EV2] a command's own changes do not make its result stale; those of a later command or of a person do", () => {
  const first = [checkpoint("a", -1), ...run(9, 1)];
  assert.equal(verdictOf(log(...first, checkpoint("b", 2)), 2), "shown");
  assert.equal(verdictOf(log(...first, ...run(10, 3), checkpoint("a", 4)), 2), "shown");
  assert.equal(verdictOf(log(...first, ...run(10, 3), checkpoint("b", 4)), 2), "stale");
  assert.equal(verdictOf(log(...first, ...run(10, 3), checkpoint("b", 4)), 4), "shown");
  assert.equal(verdictOf(log(...first, checkpoint("b", 2, true)), 2), "stale");
  // The checkpoint of the first step is recorded after the second has begun.
  const [second, done] = run(10, 3);
  assert.equal(verdictOf(log(...first, second!, checkpoint("b", 2), done!), 2), "shown");
});

test("[EV2] a claim without evidence keeps its verdict", () => {
  const missing: Evidence = { claim: "c", command: "x", verdict: "missing" };
  assert.equal(verdictNow(missing, fold(log(edited))), "missing");
});
