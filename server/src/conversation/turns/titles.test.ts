import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after as afterAll, test } from "node:test";
import { fold, isAction, type AgentState, type Event } from "@deckhand/protocol";
import { arrayModel, call, text, untilAborted } from "../../agent/array-model.test-kit.ts";
import type { Model, ModelRequest } from "../../llm/model.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { Conversation } from "../conversation.ts";
import type { ConversationDeps } from "../deps.ts";
import { testDeps } from "../deps.test-kit.ts";
import { titleOf } from "./titles.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-titles-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;

const isTitle = (request: ModelRequest): boolean => request.maxOutputTokens !== undefined;
const isTitleEvent = (event: Event): boolean => !isAction(event) && event.observation === "title";

async function stage(model: Model, more: Partial<ConversationDeps> = {}) {
  const store = openSqliteStore(join(folder, `${(files += 1)}.db`));
  const conversation = await Conversation.open("c", testDeps(model, { store, titles: true, ...more }));
  const until = async (is: (event: Event) => boolean, since = -1): Promise<void> => {
    for await (const event of conversation.follow(since, AbortSignal.timeout(10_000))) if (is(event)) return;
    assert.fail("it did not come");
  };
  return {
    conversation,
    store,
    until,
    rests: (state: AgentState, since?: number) =>
      until(
        (each) => !isAction(each) && each.observation === "agent_state_changed" && each.extras.agent_state === state,
        since,
      ),
    /** The titles in the log, once all requests have ended. */
    async titles(): Promise<readonly Event[]> {
      await conversation[Symbol.asyncDispose]();
      return (await store.read("c", -1, 100)).filter(isTitleEvent);
    },
  };
}

test("[J14] a title is requested once, after the first turn, bounded, and its usage and cost are counted", async () => {
  const requests: ModelRequest[] = [];
  const model = arrayModel((request) => {
    requests.push(structuredClone(request));
    if (isTitle(request)) return [text(' "Greeting **in** bash."\n')];
    return [call("finish", { thought: "hello.sh is there." })];
  });
  const { conversation, store, until, rests, titles } = await stage(model);
  await conversation.submit("start", { task: "write a script that says hello\nand test it" });
  await until(isTitleEvent);
  assert.equal((await store.row("c"))?.title, "Greeting **in** bash");
  assert.deepEqual(conversation.state.usage.costUsd, 0.5);
  assert.equal(conversation.state.usage.steps, 1);
  const [asked] = requests.filter(isTitle);
  assert.deepEqual(asked?.tools, []);
  assert.match(JSON.stringify(asked?.messages), /and test it.*hello\.sh is there/);
  const { id } = await conversation.submit("message", { content: "once more" });
  await rests("finished", id);
  assert.equal((await titles()).length, 1);
  assert.equal(requests.filter(isTitle).length, 1);
  assert.ok(!JSON.stringify(requests.at(-1)).includes("Greeting"), "the model does not see it");
});

test("[J14] new work aborts the title request, which is repeated at the next rest, at most three times", async () => {
  let left = 0;
  const asking = [Promise.withResolvers<void>()];
  const model = arrayModel(
    () => [text("Hm.")],
    async (request, signal) => {
      if (!isTitle(request)) return;
      asking.at(-1)?.resolve();
      signal.addEventListener("abort", () => (left += 1));
      await untilAborted(signal);
    },
  );
  const { conversation, rests, titles } = await stage(model);
  let { id } = await conversation.submit("start", { task: "x" });
  for (let turn = 0; turn < 4; turn += 1) {
    await rests("awaiting_user_input", id);
    if (turn < 3) await asking.at(-1)?.promise;
    asking.push(Promise.withResolvers());
    ({ id } = await conversation.submit("message", { content: "go on" }));
  }
  await rests("awaiting_user_input", id);
  assert.deepEqual(await titles(), []);
  assert.equal(left, 3);
});

for (const [name, more, answer] of [
  ["a model that fails", {}, new Error("no")],
  ["a server with titles turned off", { titles: false }, [text("Title")]],
] as const) {
  test(`[J14] with ${name} the first line of the task stays the title, and nothing is said`, async () => {
    const model = arrayModel((request) => (isTitle(request) ? answer : [text("Hm.")]));
    const { conversation, store, rests, titles } = await stage(model, more);
    await conversation.submit("start", { task: "the task" });
    await rests("awaiting_user_input");
    assert.deepEqual(await titles(), []);
    assert.equal((await store.row("c"))?.title, "the task");
  });
}

test("[J14] no title is requested from a script, above the cost limit, or if a person has set a title", async () => {
  for (const [model, more, rename] of [
    [{ ...arrayModel(() => [text("Hm.")]), isScript: true }, {}, false],
    [
      arrayModel(() => [text("Hm.")]),
      { limits: { maxSteps: 5, maxCostUsd: 0.2, maxTokens: Infinity, maxSeconds: 5 } },
      false,
    ],
    [arrayModel(() => [text("Hm.")]), { limits: { maxSteps: 5, maxCostUsd: 9, maxTokens: 1, maxSeconds: 5 } }, false],
    [arrayModel(() => [text("Hm.")]), {}, true],
  ] as const) {
    const { conversation, store, rests, titles } = await stage(model, more);
    await conversation.submit("initialize", {});
    if (rename) await store.rename("c", "Mine");
    await conversation.submit("start", { task: "the task" });
    await rests("awaiting_user_input");
    assert.deepEqual(await titles(), []);
    assert.equal(model.requestLengths.length, 1);
    assert.equal((await store.row("c"))?.title, rename ? "Mine" : "the task");
  }
});

test("[J14] a title is one line of plain text, and other replies are discarded", () => {
  assert.equal(titleOf('\n## "Title: Say hello"\nmore'), "Say hello");
  assert.equal(titleOf("世界。"), "世界。");
  assert.equal(titleOf("\u001B[31mred\u0000\u202E"), "[31mred");
  assert.equal(titleOf("x".repeat(81)), "");
  assert.equal(titleOf(""), "");
  const usage = { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 };
  const place = { id: 0, timestamp: "2026-01-01T00:00:00.000Z", source: "environment", message: "" } as const;
  const extras = { model: "m", usage, cost_usd: null };
  const state = fold([{ ...place, observation: "title", content: "", extras }]);
  assert.deepEqual([state.title, state.titleRequested, state.usage.input], ["", true, 1]);
});
