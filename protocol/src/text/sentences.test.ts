import assert from "node:assert/strict";
import { test } from "node:test";
import { actionArgs, type ActionKind } from "../wire/actions.ts";
import { action, errorObservation, observation, stateChange } from "../build.ts";
import { errorKinds } from "../wire/errors.ts";

/** The texts of OpenHands 0.9–0.14, whose clients show them unchanged. */
const actionTexts: readonly (readonly [ActionKind, object, string])[] = [
  ["message", { content: "hi" }, "hi"],
  ["start", { task: "write it" }, "write it"],
  ["run", { command: "ls -l" }, "Running command: ls -l"],
  ["run_ipython", { code: "1 + 1" }, "Running Python code interactively: 1 + 1"],
  ["read", { path: "a.txt" }, "Reading file: a.txt"],
  ["write", { path: "a.txt", content: "x" }, "Writing file: a.txt"],
  ["browse", { url: "http://a/" }, "Browsing URL: http://a/"],
  ["browse_interactive", { browser_actions: "click('1')" }, "I am interacting with the browser:\n```\nclick('1')\n```"],
  ["think", { thought: "hm" }, "hm"],
  ["delegate", { agent: "BrowsingAgent" }, "I'm asking BrowsingAgent for help with this task."],
  ["finish", {}, "All done! What's next on the agenda?"],
  ["finish", { thought: "It works." }, "It works."],
  ["reject", {}, "Task is rejected by the agent."],
  ["reject", { outputs: { reason: "no key" } }, "Task is rejected by the agent. Reason: no key"],
  ["add_task", { goal: "test" }, "Added task: test"],
  ["modify_task", { task_id: "1", state: "done" }, "Set task 1 to done"],
  ["change_agent_state", { agent_state: "paused" }, "Agent state changed to paused"],
];

for (const [kind, args, text] of actionTexts) {
  test(`[P10] the sentence of ${kind} is that of OpenHands: ${JSON.stringify(text)}`, () => {
    assert.equal(action("agent", kind, actionArgs[kind].parse(args)).message, text);
  });
}

test("[P10] the sentences of observations are those of OpenHands", () => {
  const run = { command: "ls", exit_code: 2, cwd: "/w", duration_ms: 1, truncated: false, hidden: false };
  assert.equal(observation("agent", "run", "", run).message, "Command `ls` executed with exit code 2.");
  assert.equal(observation("agent", "run_ipython", "2", { code: "1" }).message, "Code executed in IPython cell.");
  assert.equal(observation("agent", "read", "x", { path: "/w/a" }).message, "I read the file /w/a.");
  assert.equal(observation("agent", "write", "", { path: "/w/a" }).message, "I wrote to the file /w/a.");
  assert.equal(observation("agent", "edit", "", { path: "/w/a" }).message, "I edited the file /w/a.");
  const page = { url: "http://a/", title: "", text: "", status: 200, screenshot: "", error: false };
  assert.equal(observation("agent", "browse", "", page).message, "Visited http://a/");
  const rejected = "Action has been rejected by the user! Waiting for further user input.";
  assert.equal(observation("user", "user_rejected", rejected, {}).message, rejected);
  assert.equal(stateChange("running").message, "");
  assert.equal(stateChange("paused", "The limit on steps is reached.").message, "The limit on steps is reached.");
});

test("[P10] the sentence of an error is its content or else that of its code", () => {
  assert.equal(errorObservation("agent", "no_match", "Not in a.txt.").message, "Not in a.txt.");
  const plain = errorObservation("agent", "no_match", undefined, { cause: 3 });
  assert.equal(plain.message, errorKinds.no_match.sentence);
  assert.deepEqual(plain.extras, { code: "no_match", retryable: false, error_id: "" });
  assert.equal(plain.cause, 3);
});
