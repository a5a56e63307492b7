import assert from "node:assert/strict";
import { test } from "node:test";
import { isAction, type ContextUse, type Event } from "@deckhand/protocol";
import { arrayModel, call, findTestAgent, text } from "../array-model.test-kit.ts";
import { play } from "../play.test-kit.ts";

const uses = (events: readonly Event[]): readonly ContextUse[] =>
  events.flatMap((event) =>
    !isAction(event) && event.observation === "reply" && event.extras.context !== undefined
      ? [event.extras.context]
      : [],
  );
const sum = (use: ContextUse): number => Object.values(use.by).reduce((total, part) => total + part, 0);
const agent = findTestAgent("CodeActAgent", "/w");

test("[EV1] each reply records how full the context was and with what; the parts add up to the model's count", async () => {
  const model = {
    ...arrayModel([[text("Looking."), call("read", { path: "a".repeat(3000) })], [text("Done.")]]),
    contextTokens: 16_000,
  };
  const [first, second] = uses((await play(model)).events);
  assert.ok(first !== undefined && second !== undefined && agent !== undefined);
  // The model of these tests counts 10 tokens.
  for (const use of [first, second]) assert.deepEqual([use.tokens, use.limit, sum(use)], [10, 16_000, 10]);
  assert.equal(first.by.outputs, 0);
  assert.ok(first.by.system > 0 && first.by.tools > 0);
  assert.ok(second.by.outputs > 0 && second.by.replies > 0 && second.by.system < first.by.system);
});

test("[EV1] without a count by the model the usage is estimated, and summarized messages count as the summary", async () => {
  const silent = { input: 0, output: 0, cached_input: 0, cache_write: 0, reasoning: 0 };
  const model = arrayModel(({ messages }) => {
    if (JSON.stringify(messages.at(-1)).includes("Write a summary")) return [text("In short.")];
    return messages.length > 12 ? [text("Done.")] : [call("read", { path: `${messages.length} `.repeat(800) })];
  });
  const counting = {
    ...model,
    contextTokens: 6000,
    async *reply(...args: Parameters<typeof model.reply>) {
      return { ...(yield* model.reply(...args)), usage: silent };
    },
  };
  const { events } = await play(counting, { limits: { maxSteps: 12 } });
  const all = uses(events);
  assert.ok(all.every((use) => use.tokens > 500 && sum(use) === use.tokens && use.limit === 6000));
  assert.ok((all.at(-1)?.by.summary ?? 0) > 0);
  assert.equal(all[0]?.by.summary, 0);
});
