/** What every store must do; run by the test file of each. Rules T1 to T9, T11 and T12 of docs/SPEC.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { action, DeckhandError, type Event, type NewEvent } from "@deckhand/protocol";
import type { EventStore, RowUpdate, Snapshot } from "./event-store.ts";

export interface StoreUnderTest {
  readonly store: EventStore;
  /** Closes the store and opens the same files again. */
  reopen(): Promise<EventStore>;
}

const row: RowUpdate = { title: "a task", agentState: "running", costUsd: 0.5, busy: true };
const say = (content: string, command?: string): NewEvent =>
  action("user", "message", { content, image_urls: null, wait_for_response: false }, { command });
const ids = (events: readonly Event[]): number[] => events.map((event) => event.id);

export function eventStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  test(`[T1] ${name}: ids are 0..n without a gap, and what is read is what was appended`, async () => {
    const { store } = await make();
    const first = await store.append("a", 0, [say("one"), say("two")], () => row);
    const second = await store.append("a", 2, [say("three")], () => row);
    assert.deepEqual(ids([...first, ...second]), [0, 1, 2]);
    assert.deepEqual(await store.read("a", -1, 10), [...first, ...second]);
    assert.deepEqual(ids(await store.read("a", 0, 1)), [1]);
    assert.deepEqual(await store.read("nobody", -1, 10), []);
  });

  test(`[T2] ${name}: an append behind the log is a conflict and stores nothing`, async () => {
    const { store } = await make();
    await store.append("a", 0, [say("one")], () => row);
    for (const expected of [0, 2]) {
      await assert.rejects(
        store.append("a", expected, [say("x"), say("y")], () => row),
        (error) => error instanceof DeckhandError && error.code === "conflict",
      );
    }
    assert.deepEqual(ids(await store.read("a", -1, 10)), [0]);
  });

  test(`[T3] ${name}: an append stores all of its events or none`, async () => {
    const { store } = await make();
    await store.append("a", 0, [say("one", "c1")], () => row);
    // The second event repeats a command, which the index refuses, after the first was inserted.
    await assert.rejects(store.append("a", 1, [say("two"), say("again", "c1")], () => row));
    assert.deepEqual(ids(await store.read("a", -1, 10)), [0]);
    assert.equal((await store.row("a"))?.head, 0);
    await store.append("a", 1, [say("two")], () => row);
    assert.deepEqual(ids(await store.read("a", -1, 10)), [0, 1]);
  });

  test(`[T4] ${name}: a follower gets the past and what comes, with no gap and no repeat`, async () => {
    const { store } = await make();
    const stop = new AbortController();
    let next = 0;
    let last: Promise<unknown> = Promise.resolve();
    const append = (count: number): Promise<unknown> => {
      const from = next;
      next += count;
      const events = Array.from({ length: count }, (_, index) => say(`event ${from + index}`));
      return (last = last.then(() => store.append("a", from, events, () => row)));
    };
    await append(150);
    const seen: number[] = [];
    const following = (async () => {
      for await (const event of store.follow("a", 9, stop.signal)) {
        seen.push(event.id);
        // Arrives while a page is being read out, and between pages.
        if (event.id % 50 === 0 && next < 400) await append(3);
        if (event.id === 299) stop.abort();
      }
    })();
    while (next < 300) await append(1);
    await following;
    assert.deepEqual(
      seen,
      Array.from({ length: 290 }, (_, index) => index + 10),
    );
  });

  test(`[T5] ${name}: following ends on abort and when the conversation is deleted`, async () => {
    const { store } = await make();
    const stop = new AbortController();
    const drain = async (id: string): Promise<number> => {
      let count = 0;
      for await (const _ of store.follow(id, -1, stop.signal)) count += 1;
      return count;
    };
    await store.append("gone", 0, [say("one")], () => row);
    const deleted = drain("gone");
    const waiting = drain("not yet");
    await store.delete("gone");
    assert.equal(await store.row("gone"), undefined);
    assert.ok((await deleted) <= 1);
    stop.abort();
    assert.equal(await waiting, 0);
  });

  test(`[T6] ${name}: a command is found again`, async () => {
    const { store } = await make();
    await store.append("a", 0, [say("one"), say("two", "c1")], () => row);
    await store.append("b", 0, [say("other", "c1")], () => row);
    assert.equal(await store.findCommand("a", "c1"), 1);
    assert.equal(await store.findCommand("b", "c1"), 0);
    assert.equal(await store.findCommand("a", "c2"), undefined);
  });

  test(`[T7] ${name}: the list is newest first, in pages, and can be searched`, async () => {
    const { store } = await make();
    for (const id of ["a", "b", "c", "d"]) {
      await store.append(id, 0, [say(id)], () => ({ ...row, title: `task 100% ${id}`, busy: id === "b" }));
    }
    await store.append("a", 1, [say("again")], () => ({ ...row, title: "task 100% a", busy: false }));
    const page = await store.list({ limit: 2 });
    assert.deepEqual(
      page.map((each) => each.id),
      ["a", "d"],
    );
    const rest = await store.list({ limit: 10, after: "d" });
    assert.deepEqual(
      rest.map((each) => each.id),
      ["c", "b"],
    );
    assert.equal((await store.list({ limit: 10, query: "100% c" })).length, 1);
    assert.equal((await store.list({ limit: 10, query: "1000" })).length, 0);
    assert.deepEqual(await store.busy(), ["b"]);
    await store.rename("c", "renamed");
    assert.equal((await store.row("c"))?.title, "renamed");
  });

  test(`[T8] ${name}: what was appended is there after it is opened again`, async () => {
    const { store, reopen } = await make();
    const written = await store.append("a", 0, [say("héllo \u2028 世界 \u0000", "c1")], () => row);
    const again = await reopen();
    assert.deepEqual(await again.read("a", -1, 10), written);
    assert.equal(await again.findCommand("a", "c1"), 0);
    assert.deepEqual(await again.busy(), ["a"]);
  });

  test(`[T9] ${name}: the row is told with the events as they are stored`, async () => {
    const { store } = await make();
    await store.append("a", 0, [say("one"), say("two")], (stored) => ({ ...row, title: ids(stored).join() }));
    const found = await store.row("a");
    assert.deepEqual([found?.title, found?.head, found?.costUsd, found?.busy], ["0,1", 1, 0.5, true]);
  });

  test(`[T11] ${name}: a page of large events is cut, and is never empty before the end`, async () => {
    const { store } = await make();
    const large = "x".repeat(300 * 1024);
    await store.append("a", 0, [say(large.repeat(8)), ...Array.from({ length: 11 }, () => say(large))], () => row);
    const pages: number[][] = [];
    for (let at = -1; at < 11;) {
      const page = ids(await store.read("a", at, 100));
      assert.ok(page.length > 0 && page.length <= 4, `${page.length} events of 300 KiB`);
      pages.push(page);
      at = page.at(-1) ?? 11;
    }
    assert.deepEqual(
      pages.flat(),
      Array.from({ length: 12 }, (_, id) => id),
    );
  });

  test(`[T12] ${name}: a snapshot is kept until the next, never told beyond the log, and goes with it`, async () => {
    const { store, reopen } = await make();
    const snapshot = (head: number, body = "{}"): Snapshot => ({ version: "v", head, body });
    await store.keepSnapshot("a", snapshot(0));
    assert.equal(await store.snapshot("a"), undefined, "of nothing nothing is kept");
    await store.append("a", 0, [say("one"), say("two")], () => row);
    await store.keepSnapshot("a", snapshot(0));
    await store.keepSnapshot("a", snapshot(1, "é\u0000"));
    await store.append("b", 0, [say("one")], () => row);
    const again = await reopen();
    assert.deepEqual({ ...(await again.snapshot("a")) }, snapshot(1, "é\u0000"));
    assert.equal(await again.snapshot("b"), undefined);
    await again.keepSnapshot("b", snapshot(1));
    assert.equal(await again.snapshot("b"), undefined, "the log is shorter");
    await again.delete("a");
    await again.append("a", 0, [say("one"), say("two")], () => row);
    assert.equal(await again.snapshot("a"), undefined);
  });
}
