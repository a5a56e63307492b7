import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  observation,
  type ConversationCosts,
  type CostEstimate,
  type CostReport,
  type ReplyPart,
} from "@deckhand/protocol";
import type { Model } from "../../llm/model.ts";
import { costsOf, estimateOf } from "../../conversation/costs.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { startTestServer } from "../server.test-kit.ts";

const usage = { input: 1000, output: 50, cached_input: 800, cache_write: 0, reasoning: 20 };

function thinkCall(number: number): ReplyPart {
  return { type: "call", id: `c${number}`, name: "think", arguments: '{"thought":"hm"}' };
}

/** Thinks twice, then replies. */
function thinking(): Model {
  let calls = 0;
  return {
    name: "thinking",
    takesImages: false,
    async *reply() {
      calls += 1;
      const parts: ReplyPart[] = calls % 3 === 0 ? [{ type: "text", text: "Done." }] : [thinkCall(calls)];
      yield { type: "delta", delta: { of: "reply", text: "" } };
      return { parts, finishReason: "stop", usage, costUsd: calls === 2 ? null : 0.25, firstTokenMs: 1 };
    },
  };
}

test("[WB4] costs of a conversation are listed per call, in pages; overall costs by day, model and conversation", async () => {
  await using server = await startTestServer({ model: thinking() });
  const get = async (path: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(server.url + path);
    return { status: response.status, body: await response.json() };
  };
  const conversation = await server.conversations.open("one");
  await conversation.submit("start", { task: "think" });
  for await (const event of conversation.follow(-1, AbortSignal.timeout(10_000))) {
    if ("observation" in event && event.observation === "agent_state_changed") {
      if (event.extras.agent_state === "awaiting_user_input") break;
    }
  }
  const whole = (await get("/api/conversations/one/costs")).body as ConversationCosts;
  assert.deepEqual(whole.total, { ...usageTimes(3), calls: 3, unpriced_calls: 1, cost_usd: 0.5 });
  assert.deepEqual(
    whole.steps.map((step) => [step.kind, step.model, step.cost_usd, step.usage.reasoning]),
    [0.25, null, 0.25].map((cost) => ["step", "thinking", cost, 20]),
  );
  assert.deepEqual([whole.next, whole.children], [null, []]);
  const first = (await get("/api/conversations/one/costs?limit=2")).body as ConversationCosts;
  assert.deepEqual(first.steps, whole.steps.slice(0, 2));
  const rest = (await get(`/api/conversations/one/costs?limit=2&after=${first.next}`)).body as ConversationCosts;
  assert.deepEqual([rest.steps, rest.next], [whole.steps.slice(2), null]);

  const all = (await get("/api/costs")).body as CostReport;
  assert.deepEqual([all.total, all.days.length, all.models.length], [whole.total, 1, 1]);
  assert.deepEqual(all.conversations, [{ id: "one", title: "think", parent: null, ...whole.total }]);

  const estimate = (await get("/api/costs/estimate")).body as CostEstimate;
  assert.deepEqual([estimate.model, estimate.conversations, estimate.cost_usd], ["thinking", 1, null]);
  for (const bad of ["costs?since=yesterday", "costs/estimate?model=", "conversations/one/costs?limit=1001"]) {
    assert.equal((await get(`/api/${bad}`)).status, 400, bad);
  }
  assert.equal((await get("/api/conversations/nobody/costs")).status, 404);
});

function usageTimes(times: number): Record<string, number> {
  return Object.fromEntries(Object.entries(usage).map(([name, count]) => [name, count * times]));
}

test("[WB3] an estimate gives the median and 90th percentile, and says when there is too little data", () => {
  const past = (steps: number, cost: number | null) => ({
    ...usage,
    steps,
    calls: steps,
    unpriced_calls: cost === null ? 1 : 0,
    cost_usd: cost ?? 0,
  });
  const ten = Array.from({ length: 10 }, (_, at) => past(10 - at, (at + 1) / 100));
  const { steps, cost_usd: cost, sentence } = estimateOf("m", ten);
  assert.deepEqual(
    [steps, cost],
    [
      { median: 5, p90: 9 },
      { median: 0.05, p90: 0.09 },
    ],
  );
  assert.match(sentence, /about 5 steps for \$0\.0500; nine out of ten stay within 9 steps and \$0\.0900/);

  const few = estimateOf("m", ten.slice(0, 4));
  assert.deepEqual([few.conversations, few.steps, few.cost_usd], [4, null, null]);
  assert.match(few.sentence, /no estimate for m: it was used in 4 here, and 5 conversations are needed/);
  assert.match(estimateOf("m", []).sentence, /has not been used here yet/);

  const unpriced = estimateOf("m", [...ten.slice(0, 4), past(3, null)]);
  assert.deepEqual([unpriced.steps?.median, unpriced.cost_usd], [8, null]);
  assert.match(unpriced.sentence, /at an unknown price/);
});

test("[WB1] usage of subagents is reported separately and not included in the conversation's own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-costs-"));
  try {
    await using store = openSqliteStore(join(folder, "deckhand.db"));
    const used = { usage: { ...usage, cache_write: 0 }, cost_usd: 0.5, steps: 3, unpriced_steps: 1 };
    const report = { conversation: "child", action: 0, agent: "explorer", agent_state: null, awaiting: null, ...used };
    const row = { title: "", agentState: null, costUsd: 0.5, busy: false, waiting: null, parent: null };
    await store.append("parent", 0, [observation("environment", "child", "", report)], () => row);
    const { total, children } = await costsOf(store).of("parent", -1, 10);
    assert.equal(total.cost_usd, 0);
    assert.deepEqual(children, [{ conversation: "child", agent: "explorer", ...used }]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
