/**
 * Random histories. The seed is printed; `DECKHAND_HISTORY_SEED=7` uses that seed, `DECKHAND_HISTORY_RUNS=5000` sets
 * the number of runs.
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
import { playOut, plans, requestOf, type PlayedHistory, type RecordedRequest } from "./history.test-kit.ts";
import { Prompt } from "./context/prompt.ts";

/** Seeds that once found a bug. */
const pastSeeds: readonly number[] = [414_081, 583_002];
const runsPerPastSeed = 20;
const runs = Number(process.env["DECKHAND_HISTORY_RUNS"] ?? 100);
/** On a slow machine, fewer runs have to do. */
const maxMs = process.env["DECKHAND_HISTORY_RUNS"] === undefined ? 15_000 : 110_000;
const seed = Number(process.env["DECKHAND_HISTORY_SEED"] ?? Date.now() % 1_000_000);

async function forRandomHistories(
  check: (played: PlayedHistory) => Promise<void> | void,
  maxRuns = runs,
): Promise<void> {
  for (const each of [...pastSeeds, seed]) {
    const property = fc.asyncProperty(plans, async (plan) => check(await playOut(plan)));
    await fc.assert(property, {
      seed: each,
      numRuns: each === seed ? maxRuns : Math.min(maxRuns, runsPerPastSeed),
      interruptAfterTimeLimit: maxMs,
      markInterruptAsFailure: false,
    });
  }
}

test(`[WB13][WB14][WB15] seed ${seed}: histories that were cut anywhere and resumed follow the rules`, async (t) => {
  const totals = { events: 0, requests: 0, summaries: 0, pairs: 0 };
  await forRandomHistories(({ log, requests }) => {
    const { awaiting, approved } = fold(log);
    assert.deepEqual(problemsOfLog(log, awaiting?.id ?? approved ?? undefined), []);
    assert.deepEqual(problemsOfCompactions(log), []);
    for (const { messages } of [...requests, ...nextRequest(log)]) assert.deepEqual(problemsOfMessages(messages), []);
    for (const { messages } of nextRequest(log)) assert.deepEqual(problemsOfResults(messages, log), []);
    const steps = requests.filter(({ isSummary }) => !isSummary);
    const pairs = steps.flatMap((now, at) => {
      const before = steps[at - 1];
      const between = log.slice(before?.head, now.head);
      return before === undefined || between.some(isCompaction) ? [] : [{ before, now }];
    });
    for (const { before, now } of pairs) {
      // The server's own "Continue." at the end of a request is not logged, and is dropped if nothing was replied.
      const sent = before.messages.filter((message, at) => at + 1 < before.messages.length || !isResume(message));
      assert.deepEqual(now.messages.slice(0, sent.length), sent);
    }
    totals.events += log.length;
    totals.requests += steps.length;
    totals.summaries += requests.length - steps.length;
    totals.pairs += pairs.length;
  });
  assert.ok(Math.min(...Object.values(totals)) > 0, JSON.stringify(totals));
  t.diagnostic(JSON.stringify(totals));
});

test(`[WB16] seed ${seed}: requests follow the rules of Anthropic, OpenAI and compatible servers`, async () => {
  const providers = [
    { send: sender(anthropic), problemsOf: problemsOfAnthropic },
    { send: sender(openai), problemsOf: problemsOfResponses },
    { send: sender(compatible), problemsOf: problemsOfChat },
  ];
  await forRandomHistories(
    async ({ log, requests }) => {
      for (const each of [...requests.slice(-2), ...nextRequest(log)]) {
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

function isResume(message: ModelMessage): boolean {
  return message.role === "user" && message.text === "Continue.";
}

/** The next request; none without a user message. */
function nextRequest(log: readonly Event[]): readonly RecordedRequest[] {
  const prompt = new Prompt(tools, { fixedChars: 0, maxResultChars: Number.POSITIVE_INFINITY });
  for (const event of log) prompt.add(event);
  if (!prompt.hasUserMessage) return [];
  const { messages, system } = prompt.request(agent);
  return [{ messages, system, head: log.length, isSummary: false }];
}

const tools = createTools({ commandTimeoutMs: 1000, browseAllow: [] });
const agent = createAgentFinder(tools)("CodeActAgent", "/w")!;

/** The request body, as the provider's package builds it. */
function sender(provider: Provider): (request: RecordedRequest) => Promise<unknown> {
  let sent = "";
  const fetch: typeof globalThis.fetch = async (_, init) => {
    sent = typeof init?.body === "string" ? init.body : "";
    return new Response('{"error":{"message":"no more"}}', { status: 400 });
  };
  const pricing = { provider: null, model: "m", baseUrl: "http://127.0.0.1/v1", isFree: true };
  const address = {
    provider,
    label: "Test",
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
  return async (request) => {
    await model
      .reply(requestOf(request), new AbortController().signal)
      .next()
      .catch(() => {});
    return JSON.parse(sent) as unknown;
  };
}
