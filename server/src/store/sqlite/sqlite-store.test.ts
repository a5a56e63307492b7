import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { action, DeckhandError } from "@deckhand/protocol";
import { costStoreContract } from "../cost-store.contract.ts";
import { eventStoreContract } from "../event-store.contract.ts";
import { ruleStoreContract, type StoreUnderTest } from "../rule-store.contract.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-store-"));
after(() => rm(folder, { recursive: true, force: true }));

let made = 0;
/** A clock that advances at each reading, so that "newest first" does not depend on the speed of the machine. */
let clock = Date.UTC(2026, 0, 1);
const tick = (): number => (clock += 1);

async function make(): Promise<StoreUnderTest> {
  const file = join(folder, `${(made += 1)}.db`);
  const store = openSqliteStore(file, tick);
  return {
    store,
    reopen: async () => {
      await store[Symbol.asyncDispose]();
      return openSqliteStore(file, tick);
    },
  };
}

eventStoreContract("sqlite", make);
ruleStoreContract("sqlite", make);
costStoreContract("sqlite", make);

test("[T10] opening the same file a second time fails", async () => {
  const file = join(folder, "locked.db");
  await using store = openSqliteStore(file);
  await store.append("a", 0, [action("user", "start", { task: "x" })], () => ({
    title: "",
    agentState: null,
    costUsd: 0,
    busy: false,
    waiting: null,
    parent: null,
  }));
  assert.throws(
    () => openSqliteStore(file),
    (error) => error instanceof DeckhandError && error.code === "store_failed",
  );
});

test("[J4] a file without a search index gets one when it is opened; a file of a newer server is refused", async () => {
  const file = join(folder, "old.db");
  const old = new DatabaseSync(file);
  old.exec(`
    CREATE TABLE conversation (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, name TEXT, agent_state TEXT,
      cost_usd REAL NOT NULL, busy INTEGER NOT NULL, head INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
    CREATE TABLE event (conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE, id INTEGER NOT NULL,
      command TEXT, body TEXT NOT NULL, PRIMARY KEY (conversation, id)) STRICT;
    INSERT INTO conversation VALUES (1, 'a', 'title', NULL, NULL, 0, 0, 0, '2026', '2026');`);
  const said = action("user", "start", { task: "find the pelican" });
  const event = { id: 0, timestamp: "2026-01-01T00:00:00.000Z", ...said };
  old.prepare("INSERT INTO event VALUES (1, 0, NULL, ?)").run(JSON.stringify(event));
  old.close();
  for (let times = 0; times < 2; times += 1) {
    await using store = openSqliteStore(file);
    assert.deepEqual(await store.read("a", -1, 10), [event]);
    assert.equal((await store.list({ limit: 10, query: "pelican" })).length, 1);
  }
  const newer = new DatabaseSync(file);
  newer.exec("PRAGMA user_version = 999");
  newer.close();
  assert.throws(() => openSqliteStore(file), /newer version of Deckhand/);
});

test("[P15] a log of protocol 1.0.0 is converted when it is opened", async () => {
  const file = join(folder, "before-1.1.0.db");
  {
    await using store = openSqliteStore(file);
    await store.read("a", -1, 1);
  }
  const old = new DatabaseSync(file);
  const common = { timestamp: "2026-01-01T00:00:00.000Z", source: "environment", message: "" };
  const excluded = { ignored: 0, large: 0, unreadable: 0 };
  const approval = { reasons: ["It reaches the network."], rules: [], expires_at: common.timestamp, default: "deny" };
  const waiting = { kind: "approval", text: "", asked: { action: "browse", args: {}, reasons: approval.reasons } };
  const events = [
    {
      id: 0,
      ...common,
      observation: "snapshot",
      content: "",
      extras: { tree: "t", outside: false, left_out: excluded },
    },
    { id: 1, ...common, action: "think", args: { thought: '"observation":"snapshot"' } },
    { id: 2, ...common, action: "browse", args: { url: "https://example.org" }, approval },
  ];
  old.exec(`INSERT INTO conversation (key, id, title, cost_usd, busy, head, created_at, updated_at)
    VALUES (1, 'a', 'title', 0, 0, 2, '2026', '2026')`);
  old.prepare("UPDATE conversation SET waiting = ?").run(JSON.stringify(waiting));
  for (const event of events)
    old.prepare("INSERT INTO event VALUES (1, ?, NULL, ?)").run(event.id, JSON.stringify(event));
  const { user_version: version } = old.prepare("PRAGMA user_version").get() as { user_version: number };
  // The file is as before the step that converts events, and the one after it.
  old.exec(`DROP TABLE checkpoint; DROP TABLE workspace_write; PRAGMA user_version = ${version - 2}`);
  old.close();
  await using store = openSqliteStore(file);
  const [checkpoint, thought, browse] = await store.read("a", -1, 10);
  assert.deepEqual(checkpoint, {
    ...events[0],
    observation: "checkpoint",
    extras: { tree: "t", external: false, excluded },
  });
  assert.deepEqual(thought, events[1]);
  assert.deepEqual(browse, { ...events[2], approval: { ...approval, reasons: ["network"] } });
  assert.deepEqual((await store.row("a"))?.waiting?.asked?.reasons, ["network"]);
});
