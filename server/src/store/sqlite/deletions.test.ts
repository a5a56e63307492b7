import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { action } from "@deckhand/protocol";
import { watchEventLoop } from "../../async/cpu-time.test-kit.ts";
import { writeLog } from "../long-log.test-kit.ts";
import { SqliteCheckpoints } from "./checkpoints.ts";
import { SqliteDeletions } from "./deletions.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-deletions-"));
after(() => rm(folder, { recursive: true, force: true }));

const tables = ["conversation", "event", "said", "unsaid", "workspace_write"] as const;
const countRows = (file: SqliteFile): readonly number[] =>
  tables.map((table) => Number(file.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]));
const row = () => ({ title: "", agentState: null, costUsd: 0, busy: true, waiting: null, parent: "p" });

test("[T13] deleting 60,000 events of 4 KB never holds the event loop for 50 ms", async () => {
  const path = join(folder, "long.db");
  {
    await using store = openSqliteStore(path);
    await writeLog(store, { id: "long", count: 60_000, outputChars: 12_000 });
    const { longestMs, turns } = await watchEventLoop(() => store.delete("long"));
    assert.ok(longestMs < 50, `hiding it took ${longestMs} ms in ${turns} turns`);
    assert.equal(await store.row("long"), undefined);
    assert.deepEqual(await store.read("long", -1, 10), []);
  }
  using file = new SqliteFile(path);
  const [, before = 0] = countRows(file);
  assert.ok(before > 50_000, "most of the events are left for the next start");
  const deletions = new SqliteDeletions(file, new SqliteCheckpoints(file));
  const { longestMs, turns } = await watchEventLoop(() => deletions.idle());
  assert.deepEqual(countRows(file), [0, 0, 0, 0, 0]);
  assert.ok(longestMs < 50, `the longest of ${turns} turns took ${longestMs} ms`);
  assert.ok(turns > 100, `other work ran ${turns} times in between`);
});

test("[T13] a large event is deleted alone, and other conversations stay", async () => {
  const path = join(folder, "large.db");
  const task = (text: string) => action("user", "start", { task: text });
  {
    await using store = openSqliteStore(path);
    const large = task("large ".repeat(500_000));
    for (const id of ["a", "b"]) await store.append(id, 0, [task("first"), large, large], row);
    await store.delete("a");
    assert.deepEqual(await store.busy(), ["b"]);
    assert.deepEqual(
      (await store.list({ limit: 10, parent: "p" })).map(({ id }) => id),
      ["b"],
    );
    assert.deepEqual(
      (await store.list({ limit: 10, query: "large" })).map(({ id }) => id),
      ["b"],
    );
  }
  using file = new SqliteFile(path);
  const deletions = new SqliteDeletions(file, new SqliteCheckpoints(file));
  const { longestMs } = await watchEventLoop(() => deletions.idle());
  assert.ok(longestMs < 50, `the longest turn took ${longestMs} ms`);
  assert.deepEqual(countRows(file), [1, 3, 3, 0, 0]);
});

test("[T13] a deletion that a crash interrupted continues at the next start, and its id stays taken", async () => {
  const path = join(folder, "interrupted.db");
  {
    await using store = openSqliteStore(path);
    await writeLog(store, { id: "a", count: 3_000 });
    const draft = await store.draft("draft");
    await draft.append(await store.read("a", -1, 100));
    await store.delete("a");
  }
  {
    using file = new SqliteFile(path);
    assert.deepEqual(countRows(file).slice(0, 1), [2], "both are only hidden");
  }
  {
    await using store = openSqliteStore(path);
    await assert.rejects(store.draft("a"), { code: "exists" });
    await using draft = await store.draft("draft");
    await draft.publish(row());
    assert.deepEqual(
      (await store.list({ limit: 10 })).map(({ id }) => id),
      ["draft"],
    );
  }
  using file = new SqliteFile(path);
  await new SqliteDeletions(file, new SqliteCheckpoints(file)).idle();
  assert.deepEqual(countRows(file), [1, 0, 0, 0, 0]);
});
