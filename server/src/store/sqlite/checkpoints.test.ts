import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { action, actionArgs, observation, type NewEvent } from "@deckhand/protocol";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-checkpoint-index-"));
after(() => rm(folder, { recursive: true, force: true }));

const row = () => ({ title: "", agentState: null, costUsd: 0, busy: false, waiting: null, parent: null });
const excluded = { ignored: 1, large: 2, unreadable: 3 };
const checkpoint = (at: number, tree: string, external = false): NewEvent =>
  observation("environment", "checkpoint", "", { tree, after: at, external, excluded, duration_ms: 1 });
const args = actionArgs.run.parse({ command: "make" });
const ran = { command: "make", exit_code: 0, cwd: "/w", duration_ms: 4, truncated: false, hidden: false };
const events: readonly NewEvent[] = [
  action("user", "start", { task: "x" }),
  checkpoint(0, "one"),
  action("agent", "think", { thought: "well" }),
  action("agent", "run", args),
  checkpoint(3, "two", true),
  observation("agent", "run", "", ran, { cause: 3 }),
  checkpoint(5, "three"),
  action("user", "restore", { at: 1, force: false }),
  observation(
    "environment",
    "restore",
    "",
    { at: 1, changed_files: 0, files: [], reverted: [], excluded },
    { cause: 7 },
  ),
  action("user", "run", args),
];
const logged = [
  { tree: "one", after: 0, external: false, excluded },
  { tree: "two", after: 3, external: true, excluded },
  { tree: "three", after: 5, external: false, excluded },
];
/** Ids of the events that may have changed the workspace. */
const writes = [3, 5, 8];

async function assertIndexed(store: Store, id: string): Promise<void> {
  assert.deepEqual(await store.checkpointIndex.list(id), logged);
  for (let from = -1; from < events.length; from += 1) {
    for (let last = from; last < events.length; last += 1) {
      const expected = writes.some((write) => write > from && write <= last);
      const found = await store.checkpointIndex.mayHaveWrittenBetween(id, from, last);
      assert.equal(found, expected, `events after ${from}, up to ${last}`);
    }
  }
}

test("[T15] checkpoints and writes are indexed by the append that stores them, for forks too, and deleted with the log", async () => {
  const path = join(folder, "index.db");
  await using store = openSqliteStore(path);
  const stored = await store.append("a", 0, events, row);
  {
    await using draft = await store.draft("fork");
    await draft.append(stored);
    await draft.publish(row());
  }
  await assert.rejects(store.append("a", 3, [checkpoint(9, "four")], row));
  await assertIndexed(store, "a");
  await store.delete("a");
  assert.deepEqual(await store.checkpointIndex.list("a"), []);
  assert.equal(await store.checkpointIndex.mayHaveWrittenBetween("a", -1, 9), false);
  await assertIndexed(store, "fork");
});

test("[T15] a log from before the index is indexed when it is opened", async () => {
  const path = join(folder, "old.db");
  {
    await using store = openSqliteStore(path);
    await store.append("a", 0, events, row);
  }
  const old = new DatabaseSync(path);
  const { user_version: version } = old.prepare("PRAGMA user_version").get() as { user_version: number };
  old.exec(`DROP TABLE checkpoint; DROP TABLE workspace_write; PRAGMA user_version = ${version - 1}`);
  old.close();
  await using store = openSqliteStore(path);
  await assertIndexed(store, "a");
});
