/**
 * Random histories. The seed is printed; `DECKHAND_HISTORY_SEED=7` starts with it, `DECKHAND_HISTORY_RUNS=5000` runs more of them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fold, isAction, type Event } from "@deckhand/protocol";
import type { ModelMessage } from "../llm/model.ts";
import { anthropic } from "../llm/providers/adapters/anthropic.ts";
import { compatible } from "../llm/providers/adapters/compatible.ts";
import { createProviderModel } from "../llm/call/provider-model.ts";
import { openai } from "../llm/providers/adapters/openai.ts";
import type { Provider } from "../llm/providers/provider.ts";
import { createTools } from "../tools/tools.ts";
import { createAgentFinder } from "./agents.ts";
import {
  problemsOfAnthropic,
  problemsOfChat,
  problemsOfCompactions,
  problemsOfLog,
  problemsOfMessages,
  problemsOfResponses,
  problemsOfResults,
} from "./history-rules.test-kit.ts";
import { playOut, plans, requestOf, type Asked, type Played } from "./history.test-kit.ts";
import { Prompt } from "./context/prompt.ts";

/** Seeds that once found a bug. */
const pastSeeds: readonly number[] = [414_081, 583_002];
const runsOfPast = 20;
const runs = Number(process.env["DECKHAND_HISTORY_RUNS"] ?? 100);
/** The machine may be slow. */
const mostMs = process.env["DECKHAND_HISTORY_RUNS"] === undefined ? 15_000 : 110_000;
const seed = Number(process.env["DECKHAND_HISTORY_SEED"] ?? Date.now() % 1_000_000);

async function always(check: (played: Played) => Promise<void> | void, most = runs): Promise<void> {
  for (const each of [...pastSeeds, seed]) {
    const property = fc.asyncProperty(plans, async (plan) => check(await playOut(plan)));
    await fc.assert(property, {
      seed: each,
      numRuns: each === seed ? most : Math.min(most, runsOfPast),
      interruptAfterTimeLimit: mostMs,
      markInterruptAsFailure: false,
    });
  }
}

test(`[WB13][WB14][WB15] from seed ${seed}: histories that were cut anywhere and resumed follow the rules`, async (t) => {
  const seen = { events: 0, requests: 0, summaries: 0, pairs: 0 };
  await always(({ log, asked }) => {
    const { awaiting, approved } = fold(log);
    assert.deepEqual(problemsOfLog(log, awaiting?.id ?? approved ?? undefined), []);
    assert.deepEqual(problemsOfCompactions(log), []);
    for (const { messages } of [...asked, ...lastOf(log)]) assert.deepEqual(problemsOfMessages(messages), []);
    for (const { messages } of lastOf(log)) assert.deepEqual(problemsOfResults(messages, log), []);
    const steps = asked.filter(({ summary }) => !summary);
    const pairs = steps.flatMap((now, at) => {
      const before = steps[at - 1];
      const between = log.slice(before?.head, now.head);
      return before === undefined || between.some(isCompaction) ? [] : [{ before, now }];
    });
    for (const { before, now } of pairs) {
      // But for the server's own word at the end of a request that was never answered.
      const sent = before.messages.filter((message, place) => place + 1 < before.messages.length || !isGoOn(message));
      assert.deepEqual(now.messages.slice(0, sent.length), sent);
    }
    seen.events += log.length;
    seen.requests += steps.length;
    seen.summaries += asked.length - steps.length;
    seen.pairs += pairs.length;
  });
  assert.ok(Math.min(...Object.values(seen)) > 0, JSON.stringify(seen));
  t.diagnostic(JSON.stringify(seen));
});

test(`[WB16] from seed ${seed}: requests to Anthropic, OpenAI and compatible servers follow their rules`, async () => {
  const providers = [
    { send: sender(anthropic), problemsOf: problemsOfAnthropic },
    { send: sender(openai), problemsOf: problemsOfResponses },
    { send: sender(compatible), problemsOf: problemsOfChat },
  ];
  await always(
    async ({ log, asked }) => {
      for (const each of [...asked.slice(-2), ...lastOf(log)]) {
        for (const { send, problemsOf } of providers) assert.deepEqual(problemsOf(await send(each)), []);
      }
    },
    Math.ceil(runs / 4),
  );
});

test("[WB14] the checks find planted violations", () => {
  const call = (id: string) => ({ type: "call", id, name: "run", arguments: "{}" }) as const;
  const result = (id: string) => ({ call: id, name: "run", content: "x", isError: false });
  const user = { role: "user", text: "x", imageUrls: [] } as const;
  const two = { role: "assistant", parts: [call("a"), call("b")] } as const;
  const good = [user, two, { role: "tool", results: [result("a"), result("b")] }] as const;
  assert.deepEqual(problemsOfMessages(good), []);
  for (const bad of [
    [user, two, user],
    [user, two],
    [user, two, { role: "tool", results: [result("b"), result("a")] }],
    [user, two, { role: "tool", results: [result("a")] }],
    [...good, { role: "tool", results: [result("a")] }],
    [...good, two, { role: "tool", results: [result("a"), result("b")] }],
    [two, { role: "tool", results: [result("a"), result("b")] }],
  ] as const) {
    assert.notDeepEqual(problemsOfMessages(bad), [], JSON.stringify(bad));
  }
});

function isCompaction(event: Event): boolean {
  return isAction(event) && event.action === "compact";
}

function isGoOn(message: ModelMessage): boolean {
  return message.role === "user" && message.text === "Go on.";
}

/** The next request. */
function lastOf(log: Played["log"]): readonly Asked[] {
  const prompt = new Prompt(tools, { fixedChars: 0, maxResultChars: Number.POSITIVE_INFINITY });
  for (const event of log) prompt.add(event);
  if (!prompt.hasUserMessage) return [];
  const { messages, system } = prompt.request(agent);
  return [{ messages, system, head: log.length, summary: false }];
}

const tools = createTools({ commandTimeoutMs: 1000, browseAllow: [] });
const agent = createAgentFinder(tools)("CodeActAgent", "/w")!;

/** The request body, as the provider's package builds it. */
function sender(provider: Provider): (asked: Asked) => Promise<unknown> {
  let sent = "";
  const fetch: typeof globalThis.fetch = async (_, init) => {
    sent = typeof init?.body === "string" ? init.body : "";
    return new Response('{"error":{"message":"that is all"}}', { status: 400 });
  };
  const pricing = { provider: null, model: "m", baseUrl: "http://127.0.0.1/v1", isFree: true };
  const address = {
    provider,
    label: "The test's",
    pricing,
    model: "m",
    baseUrl: pricing.baseUrl,
    apiKey: "k",
    extra: {},
    keyNames: "",
  };
  const model = createProviderModel(
    "m",
    address,
    { retries: 0, timeoutMs: 1000, random: () => 0, fetch },
    { takesImages: false },
  );
  return async (asked) => {
    await model
      .reply(requestOf(asked), new AbortController().signal)
      .next()
      .catch(() => {});
    return JSON.parse(sent) as unknown;
  };
}
