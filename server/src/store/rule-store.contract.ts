/** What every store of rules must do; run by the test file of each store. Rule Q21 of docs/SPEC.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError, type ApprovalRule } from "@deckhand/protocol";
import { maxRules } from "./rule-store.ts";
import type { Store } from "./store.ts";

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens the same files again. */
  reopen(): Promise<Store>;
}

const rule = (pattern: string, action = "run"): ApprovalRule => ({ action, pattern });

export function ruleStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  test(`[Q21] ${name}: rules are stored once each, oldest first, and persist`, async () => {
    const { store, reopen } = await make();
    assert.deepEqual(await store.rules.list(), []);
    const [first, second] = await store.rules.add([rule("ls"), rule("ls", "browse")]);
    const [again, third] = await store.rules.add([rule("ls"), rule("npm test *")]);
    assert.deepEqual(again, first);
    assert.deepEqual(await store.rules.list(), [first, second, third]);
    assert.ok(Number.isSafeInteger(first?.id) && !Number.isNaN(Date.parse(first?.createdAt ?? "")));
    const opened = await reopen();
    assert.deepEqual(await opened.rules.list(), [first, second, third]);
  });

  test(`[Q21] ${name}: a rule is deleted by its id, which is never reused`, async () => {
    const { store } = await make();
    const [one] = await store.rules.add([rule("ls")]);
    const id = one?.id ?? 0;
    assert.equal(await store.rules.delete(id + 1), false);
    assert.equal(await store.rules.delete(id), true);
    assert.equal(await store.rules.delete(id), false);
    const [other] = await store.rules.add([rule("ls")]);
    assert.ok((other?.id ?? 0) > id);
  });

  test(`[Q21] ${name}: rules above the limit are all refused`, async () => {
    const { store } = await make();
    const most = Array.from({ length: maxRules }, (_, at) => rule(`x ${at}`));
    await store.rules.add(most);
    await assert.rejects(
      store.rules.add([rule("x 1"), rule("one more")]),
      (error) => error instanceof DeckhandError && error.code === "limit_exceeded",
    );
    assert.equal((await store.rules.add([rule("x 1")])).length, 1, "one that is there is none more");
    assert.equal((await store.rules.list()).length, maxRules);
  });
}
