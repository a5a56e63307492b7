import assert from "node:assert/strict";
import { test } from "node:test";
import { agentStates, emptyState } from "@deckhand/protocol";
import { exitCodes } from "../exit-codes.ts";
import { verdictOn } from "./verdict.ts";

test("[L1] only a finished task exits with 0", () => {
  const codes = agentStates.flatMap((state) => {
    const verdict = verdictOn(state, emptyState, 2);
    return verdict.type === "end" ? [[state, verdict.code]] : [];
  });
  assert.deepEqual(Object.fromEntries(codes), {
    finished: exitCodes.finished,
    rejected: exitCodes.failed,
    error: exitCodes.failed,
    stopped: exitCodes.stopped,
    paused: exitCodes.stopped,
    awaiting_user_input: exitCodes.waiting,
    awaiting_user_confirmation: exitCodes.waiting,
  });
});

test("[L2] an agent waiting for an answer is told twice that nobody is there; a pending approval ends the work", () => {
  const verdicts = [0, 1, 2].map((nudges) => verdictOn("awaiting_user_input", emptyState, nudges).type);
  assert.deepEqual(verdicts, ["nudge", "nudge", "end"]);
  assert.equal(verdictOn("awaiting_user_confirmation", emptyState, 0).type, "end");
});

test("[L1] the reason names the limit that was reached, or why the work was paused", () => {
  const verdict = verdictOn("paused", { ...emptyState, atLimit: "limit_steps" }, 0);
  assert.ok(verdict.type === "end" && verdict.reason.includes("limit on steps"));
  const stuck = verdictOn("paused", { ...emptyState, reason: "Agent got stuck in a loop" }, 0);
  assert.ok(stuck.type === "end" && stuck.reason === "The work was paused. Agent got stuck in a loop");
  const person = verdictOn("paused", emptyState, 0);
  assert.ok(person.type === "end" && person.reason.includes("Somebody"));
});
