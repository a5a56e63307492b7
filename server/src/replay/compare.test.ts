import assert from "node:assert/strict";
import { test } from "node:test";
import { action, observation, stateChange, type Event, type NewEvent } from "@deckhand/protocol";
import { differences } from "./compare.ts";

const run = (command: string): NewEvent =>
  action("agent", "run", { command, background: false, thought: "", hidden: false } as never);
const ran = (content: string, more: object = {}, cause = 0): NewEvent =>
  observation(
    "agent",
    "run",
    content,
    { command: "x", exit_code: 0, cwd: "/a/ws", duration_ms: 5, truncated: false, hidden: false, ...more },
    { cause },
  );

function log(events: readonly NewEvent[], at = 0, from = 0): readonly Event[] {
  return events.map((event, index) => ({ id: from + index, timestamp: new Date(at + index).toISOString(), ...event }));
}

const between = (was: readonly NewEvent[], is: readonly NewEvent[], folder = "/a/ws") =>
  differences(log(was), log(is, 1e12), { was: "/a/ws", is: folder });

test("[J22] times, durations, reasons and the workspace path do not count as differences", () => {
  const was = [run("ls /a/ws"), ran("/a/ws/x"), stateChange("paused", "because")];
  const is = [run("ls /b/other"), ran("/b/other/x", { cwd: "/b/other", duration_ms: 99 }), stateChange("paused")];
  assert.deepEqual(between(was, is, "/b/other"), []);
});

test("[J22] differences are listed by event and field; missing and additional events do not shift the rest", () => {
  assert.deepEqual(between([run("a"), ran("1")], [run("a"), ran("2", { exit_code: 3 })]), [
    { event: 1, kind: "→run", field: "content", was: "1", is: "2" },
    { event: 1, kind: "→run", field: "extras.exit_code", was: "0", is: "3" },
  ]);
  const nudge = observation("environment", "nudge", "again", { reason: "repeat" });
  const tail = [run("b"), ran("2", {}, 2), stateChange("paused")];
  assert.deepEqual(
    between(
      [run("a"), ran("1"), ...tail],
      [run("a"), ran("1"), nudge, run("b"), ran("2", {}, 3), stateChange("paused")],
    ),
    [{ event: 2, kind: "→nudge", field: "", was: null, is: "→nudge again" }],
  );
  assert.deepEqual(
    between([run("a"), ran("1"), nudge, stateChange("paused")], [run("a"), ran("1"), stateChange("paused")]),
    [{ event: 2, kind: "→nudge", field: "", was: "→nudge again", is: null }],
  );
});
