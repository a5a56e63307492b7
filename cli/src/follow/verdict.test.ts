import assert from "node:assert/strict";
import { test } from "node:test";
import { agentStates, emptyState } from "@deckhand/protocol";
import { exitCodes } from "../exit-codes.ts";
import { verdictOn } from "./verdict.ts";

test("[L1] only a finished task ends with 0", () => {
  const codes = agentStates.flatMap((state) => {
    const verdict = verdictOn(state, emptyState, 2);
    return verdict.type === "ends" ? [[state, verdict.code]] : [];
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

test("[L2] an agent that waits for an answer is told twice that nobody is there; an approval is not waited for", () => {
  const verdicts = [0, 1, 2].map((nudges) => verdictOn("awaiting_user_input", emptyState, nudges).type);
  assert.deepEqual(verdicts, ["nudge", "nudge", "ends"]);
  assert.equal(verdictOn("awaiting_user_confirmation", emptyState, 0).type, "ends");
});

test("[L1] the limit at which the work rests, or why else it is paused, is said", () => {
  const verdict = verdictOn("paused", { ...emptyState, atLimit: "limit_steps" }, 0);
  assert.ok(verdict.type === "ends" && verdict.say.includes("limit on steps"));
  const stuck = verdictOn("paused", { ...emptyState, reason: "Agent got stuck in a loop" }, 0);
  assert.ok(stuck.type === "ends" && stuck.say === "The work is paused. Agent got stuck in a loop");
  const person = verdictOn("paused", emptyState, 0);
  assert.ok(person.type === "ends" && person.say.includes("Somebody"));
});
