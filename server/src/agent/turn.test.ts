import assert from "node:assert/strict";
import { test } from "node:test";
import { action, DeckhandError, isAction, stateChange } from "@deckhand/protocol";
import { arrayModel, call, findTestAgent, testTools, text, type Reply } from "./array-model.test-kit.ts";
import { play, type Played } from "./play.test-kit.ts";
import { Prompt } from "./context/prompt.ts";
import { endEvents } from "./turn-types.ts";

const agent = findTestAgent("CodeActAgent", "/w")!;

const kinds = ({ events }: Played): string[] =>
  events.map((event) => (isAction(event) ? event.action : event.observation));
const causes = ({ events }: Played): (number | undefined)[] =>
  events.map((event) => (isAction(event) ? undefined : event.cause));

test("[A5] a turn adds the message to the conversation, acts and ends with finish", async () => {
  const played = await play(
    arrayModel([[text("Look."), call("read", { path: "ok" })], [call("finish", { thought: "done" })]]),
  );
  assert.deepEqual(kinds(played), ["start", "agent_state_changed", "chat", "reply", "read", "read", "reply", "finish"]);
  assert.deepEqual(played.end, { type: "completed", agentState: "finished" });
  assert.equal(causes(played)[2], 0);
  assert.equal(causes(played)[5], 4);
  const read = played.events[4];
  assert.ok(read !== undefined && isAction(read) && read.action === "read");
  assert.equal(read.args.thought, "Look.");
  assert.deepEqual(read.tool_call, { reply: 3, id: "read" });
});

test("[A6] several calls of one reply are answered in order, each with one observation before the next request", async () => {
  const model = arrayModel([
    [call("read", { path: "a" }, "1"), call("read", { path: "throw" }, "2"), call("think", { thought: "hm" }, "3")],
    [text("Bye.")],
  ]);
  const played = await play(model);
  assert.deepEqual(kinds(played).slice(3), ["reply", "read", "read", "read", "error", "think", "reply", "message"]);
  assert.deepEqual(causes(played).slice(4, 8), [undefined, undefined, 4, 5]);
  assert.deepEqual(played.end, { type: "completed", agentState: "awaiting_user_input" });
  assert.deepEqual(model.requestLengths, [1, 3]);
  assert.equal(played.state.open.length, 0);
});

test("[A7] an unknown tool or invalid arguments are answered with what to send instead", async () => {
  const model = arrayModel([
    [call("nope", {}, "1"), call("read", "{not json", "2"), call("read", { path: 7 }, "3"), call("read", "", "4")],
    [text("Oh.")],
  ]);
  const played = await play(model);
  const errors = played.events.filter((event) => !isAction(event) && event.observation === "error");
  assert.deepEqual(
    errors.map((event) => event.message.slice(0, 60)),
    [
      "Tool nope is not registered. (arguments: {}). Please check t",
      "The arguments of read are not valid JSON (Expected property ",
      "Invalid arguments for read: path: Invalid input: expected st",
      "Invalid arguments for read: path: Invalid input: expected st",
    ],
  );
  assert.match(errors[1]!.message, /Send a JSON object such as \{"path": <string>\}\.$/);
  assert.deepEqual(played.end, { type: "completed", agentState: "awaiting_user_input" });
});

test("[A8] the step limit is exact, and rises by its initial value each time a person lets the conversation continue", async () => {
  const step: Reply = [call("read", { path: "a" })];
  const first = await play(arrayModel([step, step, step]), { limits: { maxSteps: 2 } });
  assert.deepEqual(first.end, {
    type: "halted",
    agentState: "paused",
    code: "limit_steps",
    message: "Agent reached maximum iteration. Current iteration: 2.00, max iteration: 2.00. ",
  });
  const resume = action("user", "change_agent_state", { agent_state: "running", thought: "" });
  const from = [...first.events, ...endEvents(first.end), resume, stateChange("running")];
  const second = await play(arrayModel([step, step, step]), { limits: { maxSteps: 2 }, from });
  assert.ok(second.end.type === "halted");
  assert.equal(second.end.message, "Agent reached maximum iteration. Current iteration: 4.00, max iteration: 4.00. ");
});

/** Tokens the model of these tests uses per step. */
const perStep = 11;

test("[A9] the limits on cost, tokens and time end a turn before the next request", async () => {
  const step: Reply = [call("read", { path: "a" })];
  const cost = await play(arrayModel([step, step, step]), { limits: { maxCostUsd: 0.5 } });
  assert.ok(cost.end.type === "halted" && cost.end.code === "limit_cost");
  assert.equal(cost.state.usage.costUsd, 0.5);
  const tokens = await play(arrayModel([step, step, step]), { limits: { maxTokens: perStep + 1 } });
  assert.ok(tokens.end.type === "halted" && tokens.end.code === "limit_tokens");
  const used = 2 * perStep;
  const usage = `Current tokens: ${used}.00, max tokens: ${perStep + 1}.00. `;
  assert.equal(tokens.end.message, `Agent reached maximum tokens. ${usage}`);
  const time = await play(arrayModel([step, step, step]), { limits: { maxSeconds: 5 } });
  assert.ok(time.end.type === "halted" && time.end.code === "limit_time");
});

test("[A10] a message sent during a turn is delivered at the next step", async () => {
  const model = arrayModel([[call("read", { path: "a" })], [text("Both done.")]]);
  const late = action("user", "message", { content: "and this", image_urls: null, wait_for_response: false });
  const played = await play(model, {
    meanwhile: (stored) => (stored.some((event) => isAction(event) && event.action === "read") ? [late] : []),
  });
  assert.deepEqual(kinds(played).slice(3), ["reply", "read", "message", "read", "chat", "reply", "message"]);
  assert.equal(causes(played)[7], 5);
  assert.equal(played.state.queued.length, 0);
});

test("[A11] a pause ends the turn after the current action; resuming runs the remaining calls of the reply", async () => {
  const edit = (path: string, id: string) => call("edit", { path, old_str: "a", new_str: "b" }, id);
  const model = arrayModel([[edit("a", "1"), edit("b", "2")]]);
  const played = await play(model, {
    meanwhile: (stored) =>
      stored.some((event) => isAction(event) && event.action === "edit") ? [stateChange("paused")] : [],
  });
  assert.deepEqual(played.end, { type: "interrupted" });
  assert.deepEqual(kinds(played).slice(3), ["reply", "edit", "agent_state_changed", "read"]);
  const resumed = await play(arrayModel([[text("Done.")]]), { from: [...played.events, stateChange("running")] });
  assert.deepEqual(kinds(resumed).slice(8), ["edit", "read", "reply", "message"]);
});

test("[A13] a failing model ends the turn with its code, and a bug in a tool after the action is answered", async () => {
  const failed = await play(arrayModel([new DeckhandError("model_auth", "no key")]));
  assert.deepEqual(failed.end, { type: "halted", agentState: "error", code: "model_auth", message: "no key" });
  await assert.rejects(play(arrayModel([[call("read", { path: "bug" })]])), TypeError);
});

test("[X6] the model is nudged about a loop once; if it continues, the turn pauses as stuck, and a resume starts over", async () => {
  const requests: string[][] = [];
  const model = arrayModel(
    () => [call("read", { path: "same" })],
    ({ messages }) => void requests.push(messages.map((message) => JSON.stringify(message))),
  );
  const played = await play(model);
  assert.deepEqual(played.end, {
    type: "halted",
    agentState: "paused",
    code: "stuck",
    message: "Agent got stuck in a loop",
  });
  assert.deepEqual(kinds(played).slice(3), [
    ...Array.from({ length: 4 }, () => ["reply", "read", "read"]).flat(),
    "nudge",
    "reply",
    "read",
    "read",
  ]);
  for (const [at, request] of requests.entries()) {
    const before = requests[at - 1] ?? [];
    assert.deepEqual(request.slice(0, before.length), before);
  }
  assert.match(requests.at(-1)?.at(-1) ?? "", /"role":"user".*repeating the same action/);
  const from = [...played.events, ...endEvents(played.end), stateChange("running")];
  const resumed = await play(arrayModel([[call("read", { path: "same" })], [call("finish", {})]]), { from });
  assert.deepEqual(resumed.end, { type: "completed", agentState: "finished" });
});

test("[X7] two calls of one reply with the same id both run and are both answered", async () => {
  const twins = [call("read", { path: "a" }, "1"), call("read", { path: "throw" }, "1"), call("nope", {}, "1")];
  const model = arrayModel([twins, [text("Bye.")]]);
  const played = await play(model);
  assert.deepEqual(kinds(played).slice(3), ["reply", "read", "read", "read", "error", "error", "reply", "message"]);
  const prompt = new Prompt(testTools, { fixedChars: 0, maxResultChars: Number.POSITIVE_INFINITY });
  for (const event of played.events) prompt.add(event);
  const answered = prompt.request(agent).messages.find((message) => message.role === "tool");
  assert.deepEqual(
    answered?.results.map(({ call: id, name, isError }) => [id, name, isError]),
    [
      ["1", "read", false],
      ["2_1", "read", true],
      ["3_1", "nope", true],
    ],
  );
});

test("[X14] after a stop at the end of a reply, none of its calls starts", async () => {
  const reply: Reply = [call("read", { path: "a" }), call("finish", {}, "2")];
  const stopped = await play(arrayModel([reply]), {
    meanwhile: (stored, stop) => {
      if (stored.length === 0) stop.abort(new Error("stopped"));
      return [];
    },
  });
  assert.deepEqual(kinds(stopped).slice(3), []);
});
