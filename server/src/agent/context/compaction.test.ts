import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { action, DeckhandError, isAction, stateChange, type ActionKind, type Event } from "@deckhand/protocol";
import type { Model, ModelMessage, ModelRequest } from "../../llm/model.ts";
import type { Tool } from "../../tools/tool.ts";
import { arrayModel, call, testTools, text, type Reply } from "../array-model.test-kit.ts";
import { createAgentFinder } from "../agents.ts";
import { play, type Played } from "../play.test-kit.ts";
import { Prompt } from "./prompt.ts";
import { endEvents } from "../turn-types.ts";
import { promptSize } from "./prompt-size.ts";

const contextTokens = 16_000;
const task = action("user", "start", { task: "Read all files. Never touch secrets.txt." });
const start = [task, stateChange("running")];

/** The path of a read ends in the length of its result. */
const tools: typeof testTools = new Map<ActionKind, Tool>(testTools).set("read", {
  ...testTools.get("read"),
  // oxlint-disable-next-line require-yield -- no output before the result
  async *run(args: { path: string }) {
    const [, chars = "0"] = args.path.split(":");
    return { observation: "read", content: "line of a file\n".repeat(Number(chars) / 15), extras: { path: args.path } };
  },
} as unknown as Tool);

interface Reader {
  readonly model: Model;
  readonly requests: ModelRequest[];
  rejected: number;
}

/**
 * Counts four characters as a token, rejects requests that are too long, and otherwise replies what `reply` returns for
 * the step.
 */
function reader(
  reply: (step: number) => Reply,
  {
    reportsContext = true,
    summary = "It went well so far.",
  }: { reportsContext?: boolean; summary?: Reply | string } = {},
): Reader {
  let steps = 0;
  const requests: ModelRequest[] = [];
  const result: Reader = {
    requests,
    rejected: 0,
    model: {
      name: "reader",
      takesImages: false,
      contextTokens: reportsContext ? contextTokens : null,
      async *reply(request) {
        const tokens = Math.ceil(JSON.stringify(request).length / 4);
        if (tokens > contextTokens) {
          result.rejected += 1;
          throw new DeckhandError("model_context_too_long", "That is too long for me.");
        }
        requests.push({ ...request, messages: [...request.messages] });
        const asksForSummary = textOf(request.messages.at(-1)).includes("Write a summary");
        const content = asksForSummary ? summary : reply((steps += 1));
        if (content instanceof Error) throw content;
        yield { type: "delta", delta: { of: "reply", text: "…" } };
        return {
          parts: typeof content === "string" ? [text(content)] : content,
          finishReason: "stop",
          usage: { input: tokens, output: 5, cached_input: 0, cache_write: 0, reasoning: 0 },
          costUsd: 0.01,
          firstTokenMs: 1,
        };
      },
    },
  };
  return result;
}

const textOf = (message: ModelMessage | undefined): string => (message?.role === "user" ? message.text : "");
const read = (step: number, chars: number): Reply => [call("read", { path: `file-${step}:${chars}` }, `c${step}`)];
const compactions = ({ events }: Played, how?: string) =>
  events.filter((event) => isAction(event) && event.action === "compact" && (how ?? event.args.how) === event.args.how);

function assertPaired(events: readonly Event[]): void {
  const actions = events.filter((event) => isAction(event) && event.action === "read").map(({ id }) => id);
  const causes = events.flatMap((event) => (isAction(event) || event.cause === undefined ? [] : [event.cause]));
  for (const id of actions) assert.equal(causes.filter((cause) => cause === id).length, 1, `action ${id}`);
}

/** Each request starts with the previous one, unless a compaction came in between. */
function changes(requests: readonly ModelRequest[]): number {
  let count = 0;
  for (const [index, { messages }] of requests.entries()) {
    const before = requests[index - 1]?.messages.map((message) => JSON.stringify(message)) ?? [];
    if (before.some((message, at) => message !== JSON.stringify(messages[at]))) count += 1;
  }
  return count;
}

test("[A14] 500 steps fit a model with a 16,000-token context, with every action answered and few compactions", async (t: TestContext) => {
  const steps = 500;
  const { model, requests } = reader((step) =>
    step > steps ? [call("finish", { thought: "Done." })] : read(step, step % 7 === 0 ? 15_000 : 600),
  );
  const played = await play(model, { tools, from: start, limits: { maxSteps: 1000 } });
  assert.deepEqual(played.end, { type: "completed", agentState: "finished" });
  assertPaired(played.events);
  const count = compactions(played).length;
  t.diagnostic(`${count} compactions, ${compactions(played, "summary").length} of them summaries, in ${steps} steps`);
  assert.ok(count <= steps / 5, `${count} compactions`);
  assert.ok(changes(requests) <= 2 * count + 1);
  // The user's words are still there verbatim, and the cost of summaries is counted.
  assert.match(textOf(requests.at(-1)?.messages[0]), /Never touch secrets\.txt\.[\s\S]*It went well so far\./);
  assert.equal(played.state.usage.input > 0 && played.state.usage.costUsd > steps * 0.01, true);
});

test("[A15] the prompt after a restart is the same as without one", async () => {
  const { model, requests } = reader((step) => (step > 300 ? [text("Well?")] : read(step, 900)));
  const played = await play(model, { tools, from: start, limits: { maxSteps: 1000 } });
  assert.ok(compactions(played, "prune").length > 0 && compactions(played, "summary").length > 0);
  const agent = createAgentFinder(tools)("CodeActAgent", "/w");
  assert.ok(agent !== undefined);
  const rebuilt = new Prompt(tools, promptSize(agent, model));
  for (const event of played.events.slice(0, -2)) rebuilt.add(event);
  assert.deepEqual(rebuilt.request(agent).messages, requests.at(-1)?.messages);
});

test("[A16] without a known context size the prompt is compacted when the model rejects a request, and the turn continues", async () => {
  const unknownSize = reader((step) => (step > 200 ? [call("finish", {})] : read(step, 1500)), {
    reportsContext: false,
  });
  const played = await play(unknownSize.model, { tools, from: start, limits: { maxSteps: 1000 } });
  assert.deepEqual(played.end, { type: "completed", agentState: "finished" });
  assertPaired(played.events);
  assert.ok(unknownSize.rejected > 0 && unknownSize.rejected <= 2 * compactions(played).length);
});

test("[A17] a model that rejects every request ends the turn with one clear error", async () => {
  const refusal = new DeckhandError("model_context_too_long", "That is too long for me.");
  let requestCount = 0;
  const model = arrayModel(() => ((requestCount += 1) > 2 ? refusal : read(requestCount, 300)));
  const played = await play(model, { tools, from: start });
  assert.deepEqual(played.end, {
    type: "halted",
    agentState: "error",
    code: "model_context_too_long",
    message: "That is too long for me.",
  });
  assert.equal(endEvents(played.end).length, 2);
  assert.equal(compactions(played).length, 2);
  assertPaired(played.events);
  // Two steps, then three attempts, and two summaries in between.
  assert.equal(model.requestLengths.length, 2 + 5);
});

test("[A18] when no summary can be written, the last calls are listed instead", async () => {
  for (const summary of [new DeckhandError("model_unavailable", "Down."), [call("read", { path: "x" })]]) {
    const { model, requests } = reader((step) => (step > 300 ? [call("finish", {})] : read(step, 900)), { summary });
    const played = await play(model, { tools, from: start, limits: { maxSteps: 1000 } });
    assert.deepEqual(played.end, { type: "completed", agentState: "finished" });
    assert.match(textOf(requests.at(-1)?.messages[0]), /No summary could be written[\s\S]*- read \{"path":"file-/);
  }
});

test("[A19] long results are cut in the middle for a model with a small context", async () => {
  const { model, requests } = reader((step) => (step > 1 ? [call("finish", {})] : read(step, 60_000)));
  assert.deepEqual((await play(model, { tools, from: start })).end, { type: "completed", agentState: "finished" });
  const result = requests[1]?.messages.find((message) => message.role === "tool")?.results[0]?.content ?? "";
  assert.ok(result.length < 10_000 && /characters omitted/.test(result));
});

test("[A20] a stop during a summary ends the turn at once and keeps the prompt", async () => {
  const { model } = reader((step) => read(step, 1500));
  let isSummarizing = false;
  const played = await play(model, {
    tools,
    from: start,
    limits: { maxSteps: 1000 },
    meanwhile: (stored, stop) => {
      isSummarizing ||= stored.some((event) => !isAction(event) && event.observation === "status");
      if (isSummarizing) stop.abort(new Error("stopped"));
      return [];
    },
  });
  assert.ok(isSummarizing);
  assert.deepEqual(played.end, { type: "interrupted" });
  assertPaired(played.events);
});

test("[MP16] the small model writes the summary if its context is large enough, and the main model if it is not or fails", async () => {
  const small = (tokens: number | null, summary: Reply): Model => ({
    ...arrayModel(() => summary),
    name: "small",
    contextTokens: tokens,
  });
  const writers = async (other: Model): Promise<readonly unknown[]> => {
    const { model } = reader((step) => (step > 300 ? [call("finish", {})] : read(step, 900)));
    const played = await play(
      { ...model, small: async () => other },
      { tools, from: start, limits: { maxSteps: 1000 } },
    );
    const written = compactions(played, "summary").map(
      (event) => isAction(event) && event.action === "compact" && event.args.model,
    );
    return [...new Set(written)];
  };
  assert.deepEqual(await writers(small(100_000, [text("Short.")])), ["small"]);
  assert.deepEqual(await writers(small(8_000, [text("Short.")])), ["reader"]);
  assert.deepEqual(await writers(small(null, [text("Short.")])), ["reader"]);
  assert.deepEqual(await writers(small(100_000, new DeckhandError("model_unavailable", "Down."))), ["reader"]);
});
