import assert from "node:assert/strict";
import { test } from "node:test";
import { action, errorObservation, observation, stateChange } from "../build.ts";
import type { NewAction, NewEvent } from "../wire/event.ts";
import { fold } from "./fold.ts";
import { waitingFor } from "./waiting.ts";
import { excerpt } from "../text/excerpt.ts";
import type { WaitingDetails } from "../wire/conversation-row.ts";

const waitsAfter = (...events: readonly NewEvent[]): WaitingDetails | null =>
  waitingFor(fold(events.map((event, id) => ({ id, timestamp: "2026-01-01T00:00:00.000Z", ...event }))));

const approval = {
  reasons: ["network" as const],
  rules: [{ action: "run", pattern: "curl *" }],
  expires_at: "2026-01-01T01:00:00.000Z",
  default: "deny" as const,
  cwd: "/w",
};
const asks = (command: string): NewAction => ({
  ...action("agent", "run", { command, background: false, hidden: false } as never),
  approval,
});
const says = action("agent", "message", { content: "Which one?", image_urls: null, wait_for_response: true });

test("[UP4] a pending action is shown in full with reasons and deadline, until it is answered", () => {
  const asked = [stateChange("awaiting_user_confirmation"), asks("curl x")];
  const waits = waitsAfter(...asked);
  assert.equal(waits?.kind, "approval");
  assert.deepEqual([waits.id, waits.expires_at, waits.text], [1, approval.expires_at, "Running command: curl x"]);
  const { reasons, rules, cwd } = approval;
  const args = { command: "curl x", background: false, hidden: false };
  assert.deepEqual(waits.asked, { action: "run", args, reasons, rules, cwd });
  const allowed = action("user", "approve", { id: 1, decision: "allow", reason: "" });
  assert.equal(waitsAfter(...asked, allowed, stateChange("user_confirmed")), null);
});

test("[UP4] long arguments are omitted and long text is truncated", () => {
  const waits = waitsAfter(stateChange("awaiting_user_confirmation"), asks("x".repeat(20_000)));
  assert.equal(waits?.asked?.args, null);
  assert.ok(JSON.stringify(waits).length < 2_000);
  assert.equal(excerpt("ab😀c", 4), "ab…");
});

test("[UP4] a question, a limit, a failure and a pause by the server wait for a person; work, an end and a person's own pause do not", () => {
  assert.deepEqual(waitsAfter(says, stateChange("awaiting_user_input")), { kind: "question", text: "Which one?" });
  const limit = errorObservation("environment", "limit_steps", "Enough.");
  assert.deepEqual(waitsAfter(limit, stateChange("paused", "Enough.")), {
    kind: "limit",
    text: "Enough.",
    code: "limit_steps",
  });
  assert.deepEqual(waitsAfter(stateChange("paused", "The server was stopped.")), {
    kind: "paused",
    text: "The server was stopped.",
  });
  assert.deepEqual(waitsAfter(stateChange("error", "No key.")), { kind: "failed", text: "No key." });
  for (const state of ["running", "paused", "stopped", "finished", "init"] as const) {
    assert.equal(waitsAfter(says, stateChange(state)), null, state);
  }
  assert.equal(waitsAfter(observation("environment", "status", "waits", { code: "x" })), null);
});
