import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { action, DeckhandError } from "@deckhand/protocol";
import { eventStoreContract } from "./event-store.contract.ts";
import { openSqliteStore } from "./sqlite.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-store-"));
after(() => rm(folder, { recursive: true, force: true }));

let made = 0;
/** A clock that moves on at each look, so that "newest first" does not depend on the machine's speed. */
let clock = Date.UTC(2026, 0, 1);
const tick = (): number => (clock += 1);

eventStoreContract("sqlite", async () => {
  const file = join(folder, `${(made += 1)}.db`);
  const store = openSqliteStore(file, tick);
  return {
    store,
    reopen: async () => {
      await store[Symbol.asyncDispose]();
      return openSqliteStore(file, tick);
    },
  };
});

test("[T10] a second opener of the same file is refused", async () => {
  const file = join(folder, "locked.db");
  await using store = openSqliteStore(file);
  await store.append("a", 0, [action("user", "start", { task: "x" })], () => ({
    title: "",
    agentState: null,
    costUsd: 0,
    busy: false,
  }));
  assert.throws(
    () => openSqliteStore(file),
    (error) => error instanceof DeckhandError && error.code === "store_failed",
  );
});
