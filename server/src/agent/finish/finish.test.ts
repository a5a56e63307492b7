import assert from "node:assert/strict";
import { test } from "node:test";
import { isAction, stateChange, type Action, type Event, type Evidence } from "@deckhand/protocol";
import type { Tool } from "../../tools/tool.ts";
import { arrayModel, call, testTools, text } from "../array-model.test-kit.ts";
import { play } from "../play.test-kit.ts";
import { endedPrematurely } from "./premature-end.ts";
import { TurnProgress, normalizeCommand } from "./turn-progress.ts";

/** Exits with the number at the end of its command; `background` starts a background process. */
const runTool = {
  ...testTools.get("run"),
  // oxlint-disable-next-line require-yield -- no output
  async *run({ command, background }: { command: string; background: boolean }) {
    const code = Number(/ (\d+)$/.exec(command)?.[1] ?? 0);
    const job = background ? { job: { id: "j1", state: "running" as const } } : {};
    const extras = { command, exit_code: background ? -1 : code, cwd: "/w", duration_ms: 1, truncated: false };
    return { observation: "run", content: "", extras: { ...extras, hidden: false, ...job } };
  },
} as unknown as Tool;
const editTool = {
  ...testTools.get("edit"),
  // oxlint-disable-next-line require-yield -- no output
  async *run({ path }: { path: string }) {
    return { observation: "edit", content: "", extras: { path } };
  },
} as unknown as Tool;
const tools = new Map([...testTools, ["run", runTool] as const, ["edit", editTool] as const]);

const run = (command: string, more: object = {}) => call("run", { command, ...more }, command);
const edit = call("edit", { path: "a", old_str: "a", new_str: "b" });
const finish = (...checks: { claim: string; command: string }[]) => call("finish", { thought: "Done.", checks });
const passes = { claim: "tests pass", command: "npm test" };

const finishes = (events: readonly Event[]): readonly Action<"finish">[] =>
  events.flatMap((event) => (isAction(event) && event.action === "finish" ? [event] : []));
const refusals = (events: readonly Event[]): readonly string[] =>
  events.flatMap((event) =>
    !isAction(event) && event.observation === "error" && event.extras.code === "claim_not_shown" ? [event.content] : [],
  );
const verdicts = (events: readonly Event[]): readonly Evidence[] => finishes(events)[0]?.args.evidence ?? [];

test("[EV3] a claim is linked to the last run of its command and its exit code", async () => {
  const model = arrayModel([[run("npm test 1")], [run("cd /w && npm  test 2>&1")], [finish(passes)]]);
  const { events, end } = await play(model, { tools });
  assert.deepEqual(end, { type: "completed", agentState: "finished" });
  assert.deepEqual(refusals(events), []);
  const [shown] = verdicts(events);
  const last = events.findLast((event) => !isAction(event) && event.observation === "run");
  assert.deepEqual(shown, { ...passes, verdict: "shown", event: last?.id, exit_code: 0 });
  const [finished] = finishes(events);
  assert.equal(finished?.args.checks, undefined);
  assert.equal(finished?.message, "Done.");
});

test("[EV4] a claim whose command failed, is stale, still runs or never ran is rejected once, then accepted and marked", async () => {
  const claims = [
    { claim: "it fails", command: "test 1" },
    { claim: "it was so", command: "old" },
    { claim: "it runs", command: "serve" },
    { claim: "it never ran", command: "npm test" },
  ];
  const steps = [[run("old"), run("test 1"), run("serve", { background: true })], [run("npm test | tail")], [edit]];
  const { events, end } = await play(arrayModel([...steps, [finish(...claims)], [finish(...claims)]]), { tools });
  assert.deepEqual(end, { type: "completed", agentState: "finished" });
  const [refusal, ...more] = refusals(events);
  assert.deepEqual(more, []);
  assert.deepEqual(refusal?.split("\n").slice(0, 4), [
    '"it fails": `test 1` exited with 1.',
    '"it was so": files changed after `old` ran.',
    '"it runs": `serve` is still running.',
    '"it never ran": `npm test` was not run; the closest command was `npm test | tail`.',
  ]);
  assert.deepEqual(
    verdicts(events).map(({ verdict }) => verdict),
    ["failed", "stale", "missing", "missing"],
  );
  // It is reported as the result of the call, not as a nudge.
  assert.equal(events.filter((event) => !isAction(event) && event.observation === "nudge").length, 0);
});

test("[EV4] after a rejected finish the model can run the missing command", async () => {
  const model = arrayModel([[edit], [finish(passes)], [run("npm test")], [finish(passes)]]);
  const { events } = await play(model, { tools });
  assert.equal(refusals(events).length, 1);
  assert.equal(verdicts(events)[0]?.verdict, "shown");
});

test("[EV3] changes and evidence come from the server; what the model says about them is dropped", async () => {
  const finishWithEvidence = call("finish", { thought: "Done.", evidence: [{ ...passes, verdict: "shown" }] });
  const dropped = await play(arrayModel([[edit], [finishWithEvidence]]), { tools });
  assert.deepEqual(finishes(dropped.events)[0]?.args, { thought: "Done.", outputs: {} });
  const changes = { files: [], changed_files: 1, added_lines: 2, deleted_lines: 3 };
  const checkedFrom: number[] = [];
  const withChanges = await play(arrayModel([[text("On it."), edit], [finishWithEvidence]]), {
    tools,
    changesSince: async (from) => {
      checkedFrom.push(from);
      return changes;
    },
  });
  assert.deepEqual(finishes(withChanges.events)[0]?.args, { thought: "Done.", outputs: {}, changes });
  assert.deepEqual(checkedFrom, [3]);
  const nothing = await play(arrayModel([[finishWithEvidence]]), {
    tools,
    changesSince: () => assert.fail("The model changed nothing."),
  });
  assert.deepEqual(nothing.end, { type: "completed", agentState: "finished" });
});

test("[EV3] a stop or pause during the last checkpoint takes effect, and the reply is kept", async () => {
  for (const how of ["stop", "pause"] as const) {
    let checkpoints = 0;
    const { events, end } = await play(arrayModel([[edit], [finish()]]), {
      tools,
      changesSince: async () => {
        checkpoints += 1;
        return undefined;
      },
      meanwhile: (stored, stop) => {
        if (checkpoints === 0) return [];
        if (how === "stop") stop.abort(new Error("stopped"));
        return how === "pause" && stored.length === 0 ? [stateChange("paused")] : [];
      },
    });
    assert.deepEqual([end, finishes(events).length], [{ type: "interrupted" }, 0], how);
    assert.equal(events.filter((event) => !isAction(event) && event.observation === "reply").length, 2, how);
  }
});

test("[EV5] a model that stops with text in the middle of its task is nudged twice, then the turn ends", async () => {
  const plan = call("plan", { tasks: [{ title: "one", status: "done" }, { title: "two" }] });
  const planTool = {
    ...testTools.get("plan"),
    // oxlint-disable-next-line require-yield -- no output
    async *run({ tasks }: { tasks: object[] }) {
      return { observation: "plan", content: "", extras: { tasks } };
    },
  } as unknown as Tool;
  const planning = new Map([...tools, ["plan", planTool] as const]);
  const model = arrayModel([[plan], [text("One is done.")], [edit], [text("So far.")], [text("That is all.")]]);
  const { events, end } = await play(model, { tools: planning });
  assert.deepEqual(end, { type: "completed", agentState: "awaiting_user_input" });
  const nudges = events.filter((event) => !isAction(event) && event.observation === "nudge");
  assert.equal(nudges.length, 2);
  const waits = events.flatMap((event) =>
    isAction(event) && event.action === "message" ? [event.args.wait_for_response] : [],
  );
  assert.deepEqual(waits, [false, false, true]);
});

test("[EV5] an answer, a question and text before the first action end the turn without a nudge", async () => {
  const progress = new TurnProgress();
  assert.equal(endedPrematurely("Now I'll look at the tests.", progress), false);
  const { events } = await play(arrayModel([[edit], [text("Done.")]]), { tools });
  for (const event of events.slice(2)) progress.add(event);
  const unfinished = [
    "Now I'll run the tests.",
    "The cause is clear. Let me fix it:",
    "First part done.\n\nNext, I will do the second part.",
  ];
  for (const reply of unfinished) assert.equal(endedPrematurely(reply, progress), true, reply);
  const finished = [
    "Done.",
    "I've fixed the bug; the tests pass.",
    "It is fixed. Let me know if I'll have to do more?",
    "Which of the two do you want?\n\n1. this\n2. that",
    "I will not do that.\nThe tests pass.",
    "",
  ];
  for (const reply of finished) assert.equal(endedPrematurely(reply, progress), false, reply);
});

test("[EV3] commands are compared without a leading cd", () => {
  assert.equal(normalizeCommand("cd /a && cd 'b c'; npm   test 2>&1"), "npm test");
  assert.equal(normalizeCommand("npm test | tail -5"), "npm test | tail -5");
  assert.notEqual(normalizeCommand("npm test || true"), normalizeCommand("npm test"));
});
