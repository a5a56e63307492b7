/** What every cost store must do; run by the test file of each store. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { action, sumCosts, fold, observation, type NewEvent } from "@deckhand/protocol";
import type { RowUpdate } from "./event-store.ts";
import type { Store } from "./store.ts";

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens the same files again. */
  reopen(): Promise<Store>;
}

const row: RowUpdate = {
  title: "a task",
  agentState: "finished",
  costUsd: 0,
  busy: false,
  waiting: null,
  parent: null,
};
const usage = { input: 100, output: 10, cached_input: 50, cache_write: 5, reasoning: 2 };
const step = (model: string, cost: number | null): NewEvent =>
  observation("agent", "reply", "", {
    model,
    parts: [],
    finish_reason: "stop",
    usage,
    cost_usd: cost,
    duration_ms: 1,
    first_token_ms: null,
  });
const title = (model: string, cost: number): NewEvent =>
  observation("environment", "title", "A title", { model, usage, cost_usd: cost });
const compaction = (model: string, cost: number): NewEvent =>
  action("agent", "compact", { from: 0, to: 1, how: "summary", summary: "s", model, usage, cost_usd: cost });

export function costStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  test(`[WB1] ${name}: steps, titles and compactions are counted per model, and their sum matches the fold of the log`, async () => {
    const { store, reopen } = await make();
    const events = [
      action("user", "start", { task: "x" }),
      step("m", 0.25),
      step("m", null),
      step("n", 0.5),
      title("small", 0.125),
      compaction("small", 1),
      action("agent", "compact", { from: 0, to: 1, how: "prune", summary: "" }),
    ];
    const stored = await store.append("a", 0, events, () => row);
    const again = (await reopen()).costs;
    const costs = await again.of("a");
    assert.deepEqual(
      costs.map(({ model, kind, calls, unpriced_calls: unpriced, cost_usd: cost, input }) => [
        `${model} ${kind}`,
        calls,
        unpriced,
        cost,
        input,
      ]),
      [
        ["small compaction", 1, 0, 1, 100],
        ["n step", 1, 0, 0.5, 100],
        ["m step", 2, 1, 0.25, 200],
        ["small title", 1, 0, 0.125, 100],
      ],
    );
    const { usage: folded } = fold(stored);
    const { calls, unpriced_calls: unpriced, cost_usd: costUsd, ...tokens } = sumCosts(costs);
    assert.deepEqual([calls, unpriced], [5, folded.unpricedSteps]);
    assert.deepEqual({ costUsd, ...tokens, steps: 3, unpricedSteps: 1 }, folded);
    assert.deepEqual(await again.of("nobody"), []);
  });

  test(`[WB2] ${name}: costs are counted once, per day, model and conversation, also after a deletion`, async () => {
    const { store, reopen } = await make();
    const events = await store.append("a", 0, [step("m", 1), step("n", 2)], () => ({ ...row, title: "first" }));
    await store.append("b", 0, [step("m", 4)], () => ({ ...row, title: "second" }));
    await store.rename("b", "named");
    {
      await using draft = await store.draft("fork");
      await draft.append(events);
      await draft.publish(row);
    }
    assert.equal(sumCosts(await store.costs.of("fork")).cost_usd, 3, "the fork has it in its log");
    await store.append("fork", 2, [step("n", 8)], () => row);
    const day = events[0]?.timestamp.slice(0, 10) ?? "";
    const before = await store.costs.since(day);
    assert.equal(before.total.cost_usd, 15);
    assert.equal(before.total.calls, 4);
    assert.deepEqual(
      before.conversations.map(({ id, title: named, cost_usd: cost }) => [id, named, cost]),
      [
        ["fork", "a task", 8],
        ["b", "named", 4],
        ["a", "first", 3],
      ],
    );
    await store.delete("a");
    await store.delete("fork");
    const again = (await reopen()).costs;
    const after = await again.since(day);
    assert.deepEqual({ ...after, conversations: [], deleted: null }, { ...before, conversations: [], deleted: null });
    assert.equal(after.deleted.cost_usd, 11);
    assert.deepEqual(
      after.models.map(({ model, cost_usd: cost }) => [model, cost]),
      [
        ["n", 10],
        ["m", 5],
      ],
    );
    assert.deepEqual(
      after.days.map((each) => [each.day, each.input]),
      [[day, 400]],
    );
    assert.equal((await again.since("9999-01-01")).total.calls, 0);
    assert.deepEqual(await again.of("a"), []);
  });

  test(`[WB3] ${name}: the past costs of a model come from its idle conversations, newest first`, async () => {
    const { store } = await make();
    await store.append("a", 0, [step("m", 1), step("m", 1), title("small", 2)], () => row);
    await store.append("b", 0, [step("m", null)], () => row);
    await store.append("other", 0, [step("n", 16)], () => row);
    // Ten dollars are from its subagents, one of which is stored here.
    await store.append("parent", 0, [step("m", 1)], () => ({ ...row, costUsd: 11 }));
    await store.append("child", 0, [step("m", 10)], () => ({ ...row, costUsd: 10, parent: "parent" }));
    await store.append("busy", 0, [step("m", 16)], () => ({ ...row, busy: true }));
    {
      await using draft = await store.draft("fork");
      await draft.append(await store.read("a", -1, 10));
      await draft.publish(row);
    }
    const past = await store.costs.past("m", 10);
    assert.deepEqual(
      past.map(({ steps, cost_usd: cost, unpriced_calls: unpriced }) => [steps, cost, unpriced]),
      [
        [1, 11, 0],
        [1, 0, 1],
        [2, 4, 0],
      ],
    );
    const { conversations } = await store.costs.since("2000-01-01");
    assert.equal(conversations.find(({ id }) => id === "child")?.parent, "parent");
    assert.equal((await store.costs.past("m", 1)).length, 1);
  });
}
