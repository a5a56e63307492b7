/** What every store must do; run by the test file of each. Rules T1 to T9, T11, T12 and UP1 to UP3 of docs/SPEC.md. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { action, DeckhandError, type Event, type NewEvent, type WaitingDetails } from "@deckhand/protocol";
import type { EventStore, ListChange, RowUpdate, CachedState } from "./event-store.ts";

export interface StoreUnderTest {
  readonly store: EventStore;
  /** Closes the store and opens the same files again. */
  reopen(): Promise<EventStore>;
}

const row: RowUpdate = {
  title: "a task",
  agentState: "running",
  costUsd: 0.5,
  busy: true,
  waiting: null,
  parent: null,
};
const say = (content: string, command?: string): NewEvent =>
  action("user", "message", { content, image_urls: null, wait_for_response: false }, { command });
const ids = (events: readonly Event[]): number[] => events.map((event) => event.id);

export function eventStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  test(`[T1] ${name}: ids are 0..n without gaps, and events are read as they were appended`, async () => {
    const { store } = await make();
    const first = await store.append("a", 0, [say("one"), say("two")], () => row);
    const second = await store.append("a", 2, [say("three")], () => row);
    assert.deepEqual(ids([...first, ...second]), [0, 1, 2]);
    assert.deepEqual(await store.read("a", -1, 10), [...first, ...second]);
    assert.deepEqual(ids(await store.read("a", 0, 1)), [1]);
    assert.deepEqual(await store.read("nobody", -1, 10), []);
  });

  test(`[DG5] ${name}: lists the subagents of a conversation, or conversations without a parent`, async () => {
    const { store, reopen } = await make();
    for (const id of ["a", "b"]) await store.append(id, 0, [say(id)], () => row);
    for (const id of ["a1", "a2"]) await store.append(id, 0, [say(id)], () => ({ ...row, parent: "a" }));
    const again = await reopen();
    const listed = async (parent?: string | null): Promise<string[]> =>
      (await again.list({ limit: 10, parent })).map(({ id }) => id).toSorted();
    assert.deepEqual(await listed("a"), ["a1", "a2"]);
    assert.deepEqual(await listed("b"), []);
    assert.deepEqual(await listed(null), ["a", "b"]);
    assert.deepEqual(await listed(), ["a", "a1", "a2", "b"]);
    assert.deepEqual([(await again.row("a1"))?.parent, (await again.row("a"))?.parent], ["a", null]);
  });

  test(`[T2] ${name}: an append at an old position is a conflict and stores nothing`, async () => {
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

  test(`[T4] ${name}: a follower gets past and new events without gap or repeat`, async () => {
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
        // Arrives while a page is being consumed, and between pages.
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

    const { signal } = new AbortController();
    for await (const _ of store.follow("gone", 0, signal)) assert.fail("a deleted log has no events");
    assert.equal(getEventListeners(signal, "abort").length, 0, "a follower that ends leaves nothing behind");
  });

  test(`[T6] ${name}: the event of a command is found`, async () => {
    const { store } = await make();
    await store.append("a", 0, [say("one"), say("two", "c1")], () => row);
    await store.append("b", 0, [say("other", "c1")], () => row);
    assert.equal(await store.findCommand("a", "c1"), 1);
    assert.equal(await store.findCommand("b", "c1"), 0);
    assert.equal(await store.findCommand("a", "c2"), undefined);
  });

  test(`[T7] ${name}: the list is sorted newest first, paged, and searchable`, async () => {
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

  test(`[UP1] ${name}: marks are in the row, filter the list, and persist`, async () => {
    const { store, reopen } = await make();
    for (const id of ["a", "b", "c"]) await store.append(id, 0, [say("one"), say("two")], () => row);
    const first = await store.row("a");
    assert.deepEqual([first?.pinned, first?.archived, first?.seen], [false, false, -1]);
    await store.mark("a", { pinned: true, seen: 1 });
    await store.mark("b", { archived: true, seen: 9 });
    await store.mark("a", { seen: 0 });
    await store.mark("nobody", { pinned: true });
    const again = await reopen();
    const marks = (await again.list({ limit: 10 })).map(({ id, pinned, archived, seen }) => [
      id,
      pinned,
      archived,
      seen,
    ]);
    assert.deepEqual(marks, [
      ["c", false, false, -1],
      ["b", false, true, 1],
      ["a", true, false, 1],
    ]);
    const listed = async (options: { archived?: boolean; pinned?: boolean; query?: string }): Promise<string> =>
      (await again.list({ limit: 10, ...options })).map(({ id }) => id).join();
    assert.equal(await listed({ archived: false }), "c,a");
    assert.equal(await listed({ archived: false, pinned: false }), "c");
    assert.equal(await listed({ archived: true, query: "two" }), "b");
    assert.equal(await listed({ pinned: true }), "a");
  });

  test(`[UP2] ${name}: waiting conversations are listed from the index, earliest deadline first, and updated with each append`, async () => {
    const { store, reopen } = await make();
    const waits = (waiting: WaitingDetails | null) => () => ({ ...row, waiting });
    const approval = (expires_at: string): WaitingDetails => ({
      kind: "approval",
      text: "Running command: ls",
      id: 0,
      expires_at,
      asked: { action: "run", args: { command: "ls" }, reasons: [], rules: [] },
    });
    await store.append("asks", 0, [say("one")], waits({ kind: "question", text: "Which?" }));
    await store.append("later", 0, [say("one")], waits(approval("2026-01-02T00:00:00.000Z")));
    await store.append("soon", 0, [say("one")], waits(approval("2026-01-01T00:00:00.000Z")));
    await store.append("works", 0, [say("one")], waits(null));
    const again = await reopen();
    const found = await again.waiting(10);
    assert.deepEqual(
      found.map(({ id }) => id),
      ["soon", "later", "asks"],
    );
    assert.deepEqual(found[0]?.waiting, approval("2026-01-01T00:00:00.000Z"));
    assert.equal((await again.waiting(1)).length, 1);
    await again.append("soon", 1, [say("two")], waits(null));
    await again.delete("later");
    assert.deepEqual(
      (await again.waiting(10)).map(({ id }) => id),
      ["asks"],
    );
  });

  test(`[UP3] ${name}: a follower of the list gets each change once, with present values, and is told when to read the list again`, async () => {
    const { store } = await make();
    await store.append("before", 0, [say("one")], () => row);
    const stop = new AbortController();
    const following = store.followList(stop.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<ListChange | undefined> => (await following.next()).value as ListChange | undefined;
    assert.deepEqual(await next(), { rows: [], gone: [], reload: true });
    const waiting = next();
    await store.append("a", 0, [say("one")], () => row);
    assert.deepEqual(
      (await waiting)?.rows.map(({ id, head }) => [id, head]),
      [["a", 0]],
    );
    // While the follower is not reading.
    await store.append("a", 1, [say("two")], () => row);
    await store.rename("before", "renamed");
    await store.append("a", 2, [say("three")], () => ({ ...row, title: "last" }));
    await store.mark("a", { pinned: true });
    await store.append("b", 0, [say("one")], () => row);
    await store.delete("b");
    {
      await using draft = await store.draft("made");
      await draft.publish({ ...row, name: "made" });
    }
    const change = await next();
    assert.deepEqual(
      change?.rows.map(({ id, title, head, pinned }) => [id, title, head, pinned]),
      [
        ["before", "renamed", 0, false],
        ["a", "last", 2, true],
        ["made", "made", -1, false],
      ],
    );
    assert.deepEqual(change.gone, ["b"]);
    // A mark without effect is no change, and a follower that is far behind reads the list again.
    await store.mark("a", { pinned: true });
    for (let at = 0; at < 1_100; at += 1) await store.rename(`nobody ${at}`, "x");
    assert.deepEqual(await next(), { rows: [], gone: [], reload: true });
    const last = next();
    stop.abort();
    assert.equal(await last, undefined);
  });

  test(`[T8] ${name}: events persist when the store is opened again`, async () => {
    const { store, reopen } = await make();
    const written = await store.append("a", 0, [say("héllo \u2028 世界 \u0000", "c1")], () => row);
    const again = await reopen();
    assert.deepEqual(await again.read("a", -1, 10), written);
    assert.equal(await again.findCommand("a", "c1"), 0);
    assert.deepEqual(await again.busy(), ["a"]);
  });

  test(`[T9] ${name}: the row is computed from the events as they are stored`, async () => {
    const { store } = await make();
    await store.append("a", 0, [say("one"), say("two")], (stored) => ({ ...row, title: ids(stored).join() }));
    const found = await store.row("a");
    assert.deepEqual([found?.title, found?.head, found?.costUsd, found?.busy], ["0,1", 1, 0.5, true]);
  });

  test(`[J1] ${name}: words of messages and commands are found, and no query is an error`, async () => {
    const { store, reopen } = await make();
    const run = action("agent", "run", { command: "npm run bänch", hidden: false } as never);
    await store.append("a", 0, [say("Repair the pélican's wing"), run], () => ({ ...row, title: "first" }));
    await store.append("b", 0, [say("the wing of an aeroplane"), say("世界 hello")], () => ({
      ...row,
      title: "second",
    }));
    const found = async (query: string, from = store): Promise<string> =>
      (await from.list({ limit: 10, query })).map((each) => each.id).join();
    assert.equal(await found("wing"), "b,a");
    assert.equal(await found("WING pelic"), "a");
    assert.equal(await found("bänch"), "a");
    assert.equal(await found("世界"), "b");
    assert.equal(await found("secon"), "b");
    assert.equal(await found("econ"), "b", "a part of the title");
    assert.equal(await found("pelican aeroplane"), "");
    for (const hostile of [
      `"`,
      `wing"`,
      "a OR",
      "NEAR(",
      "words:x",
      "^",
      "-",
      "*",
      "wing AND NOT",
      "(",
      "\0",
      "\u{1FAE8}",
    ]) {
      assert.ok((await found(hostile)).length < 10, hostile);
    }
    assert.equal(await found('wing" OR "hello'), "", "OR is a word like any other");
    assert.ok((await found("wing ".repeat(10_000))).length > 0);
    await store.delete("b");
    assert.equal(await found("wing"), "a");
    assert.equal(await found("wing", await reopen()), "a");
  });

  test(`[J2] ${name}: a draft is invisible until published, then complete, and deleted when abandoned`, async () => {
    const { store, reopen } = await make();
    const events = await store.append("a", 0, [say("one", "c1"), say("two")], () => row);
    const draft = await store.draft("b");
    await draft.append(events.slice(0, 1));
    assert.equal(await store.row("b"), undefined);
    assert.equal((await store.list({ limit: 10 })).length, 1);
    assert.equal((await store.list({ limit: 10, query: "one" })).length, 1);
    await assert.rejects(draft.append(events.slice(0, 1)), { code: "conflict" });
    await draft.append(events.slice(1));
    await draft.publish({ ...row, name: "named", busy: false });
    await draft[Symbol.asyncDispose]();
    assert.deepEqual(await store.read("b", -1, 10), events);
    assert.equal(await store.findCommand("b", "c1"), undefined);
    assert.equal((await store.row("b"))?.title, "named");
    assert.equal((await store.list({ limit: 10, query: "one" })).length, 2);
    await store.append("b", 2, [say("three", "c1")], () => row);
    await assert.rejects(store.draft("b"), { code: "exists" });

    await (await store.draft("left")).append(events);
    {
      await using dropped = await store.draft("dropped");
      await dropped.append(events);
    }
    assert.deepEqual(await store.read("dropped", -1, 10), []);
    const again = await reopen();
    assert.deepEqual(await again.read("left", -1, 10), []);
    assert.equal((await again.read("b", -1, 10)).length, 3);
  });

  test(`[J3] ${name}: a deleted id is not reused`, async () => {
    const { store, reopen } = await make();
    await store.append("a", 0, [say("one")], () => row);
    await store.delete("a");
    await assert.rejects(
      store.append("a", 0, [say("late")], () => row),
      { code: "unknown_conversation" },
    );
    const again = await reopen();
    await assert.rejects(
      again.append("a", 0, [say("later")], () => row),
      { code: "unknown_conversation" },
    );
    assert.equal(await again.row("a"), undefined);
  });

  test(`[T11] ${name}: a page of large events is cut, but never empty before the end of the log`, async () => {
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

  test(`[T12] ${name}: a cached state is kept until replaced, never ahead of the log, and deleted with it`, async () => {
    const { store, reopen } = await make();
    const snapshot = (head: number, body = "{}"): CachedState => ({ version: "v", head, body });
    await store.cacheState("a", snapshot(0));
    assert.equal(await store.cachedState("a"), undefined, "of nothing nothing is kept");
    await store.append("a", 0, [say("one"), say("two")], () => row);
    await store.cacheState("a", snapshot(0));
    await store.cacheState("a", snapshot(1, "é\u0000"));
    await store.append("b", 0, [say("one")], () => row);
    const again = await reopen();
    assert.deepEqual({ ...(await again.cachedState("a")) }, snapshot(1, "é\u0000"));
    assert.equal(await again.cachedState("b"), undefined);
    await again.cacheState("b", snapshot(1));
    assert.equal(await again.cachedState("b"), undefined, "the log is shorter");
    await again.delete("a");
    assert.equal(await again.cachedState("a"), undefined);
    await again.append("c", 0, [say("one"), say("two")], () => row);
    assert.equal(await again.cachedState("c"), undefined, "what took its place has none of it");
  });
}
