import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { action, DeckhandError, type Event } from "@deckhand/protocol";
import type { EventStore } from "../event-store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-damage-"));
after(() => rm(folder, { recursive: true, force: true }));

const row = () => ({ title: "", agentState: null, costUsd: 0, busy: false, waiting: null, parent: null });
const think = (thought: string) => action("agent", "think", { thought });
const commits = 30;

/** Two events per commit, some longer than a page. */
async function fill(store: EventStore): Promise<void> {
  for (let at = 0; at < commits; at += 1) {
    const long = "x".repeat(at % 5 === 0 ? 9000 : 50);
    await store.append("c", at * 2, [think(`${at} ${long}`), think(`${at}`)], row);
  }
}

async function whole(store: EventStore): Promise<readonly Event[]> {
  const events = await store.read("c", -1, 1000);
  assert.deepEqual(
    events.map((event) => event.id),
    events.map((_, at) => at),
  );
  assert.equal(events.length % 2, 0, "half of a commit is there");
  assert.equal((await store.row("c"))?.head ?? -1, events.length - 1);
  return events;
}

test("[X19] a torn end of the WAL loses only what was not committed", async () => {
  const file = join(folder, "whole.db");
  await using store = openSqliteStore(file);
  await fill(store);
  const events = await whole(store);
  const wal = await readFile(`${file}-wal`);
  const torn: Buffer[] = [wal];
  for (const bytes of [1, 100, 4096, 5000, 40_000, wal.length - 40]) torn.push(wal.subarray(0, wal.length - bytes));
  const garbled = Buffer.from(wal);
  garbled.fill(0x5a, wal.length - 2000, wal.length - 1000);
  torn.push(garbled, Buffer.concat([wal, Buffer.alloc(3000, 0x5a)]));
  const lengths: number[] = [];
  for (const [at, left] of torn.entries()) {
    const copy = join(folder, `torn-${at}.db`);
    await copyFile(file, copy);
    await writeFile(`${copy}-wal`, left);
    await using opened = openSqliteStore(copy);
    const found = await whole(opened);
    assert.deepEqual(found, events.slice(0, found.length));
    lengths.push(found.length);
    // The file can be written again.
    await opened.append("c", found.length, [think("after"), think("it")], row);
    assert.equal((await whole(opened)).length, found.length + 2);
  }
  const all = commits * 2;
  assert.deepEqual([lengths[0], lengths[1], lengths[7], lengths[8]], [all, all - 2, all - 2, all]);
  assert.ok(lengths.slice(1, 7).every((length, index, list) => length <= (list[index - 1] ?? all)));
});

test("[X20] a damaged database is reported with its path, and not overwritten", async () => {
  const file = join(folder, "damaged.db");
  await openSqliteStore(file)[Symbol.asyncDispose]();
  const junk = Buffer.alloc(20_000, 0x5a);
  await writeFile(file, junk);
  assert.throws(
    () => openSqliteStore(file),
    (error) =>
      error instanceof DeckhandError && error.code === "store_failed" && error.message.includes(`${file} could not be`),
  );
  assert.deepEqual(await readFile(file), junk);
});

test("[X20] reading a damaged page fails with a clear error", async () => {
  const file = join(folder, "page.db");
  {
    await using store = openSqliteStore(file);
    await fill(store);
  }
  const bytes = await readFile(file);
  bytes.fill(0x5a, 3 * 4096, bytes.length - 4096);
  await writeFile(file, bytes);
  const failed = (error: unknown): boolean =>
    error instanceof DeckhandError && error.code === "store_failed" && /malformed|not a database/.test(error.message);
  await assert.rejects(async () => {
    await using store = openSqliteStore(file);
    await store.read("c", -1, 1000);
  }, failed);
});
