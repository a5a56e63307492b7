import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { FolderLocks } from "./folder-locks.ts";

async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-locks-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("[V31] of two conversations that want nested folders at the same moment, the second is refused", async (t) => {
  const pairs = [
    ["/w/x", "/w/x/y"],
    ["/w/x/y", "/w/x"],
  ] as const;
  for (const [first, second] of pairs) {
    const locks = new FolderLocks(await tempFolder(t));
    const results = await Promise.allSettled([locks.acquire("a", first), locks.acquire("b", second)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    assert.equal(locks.has("b"), false);
  }
});

test("[V31] conversations may share one folder and are told about each other", async (t) => {
  const locks = new FolderLocks(await tempFolder(t));
  assert.deepEqual(await locks.acquire("a", "/w/x"), []);
  assert.deepEqual(await locks.acquire("b", "/w/x"), ["a"]);
  await assert.rejects(locks.check("c", "/w"), { code: "conflict" });
});

test("[V31] locks survive a restart and end with their conversation", async (t) => {
  const folder = await tempFolder(t);
  await new FolderLocks(folder).acquire("a", "/w/x");
  const locks = new FolderLocks(folder);
  await assert.rejects(locks.acquire("b", "/w/x/y"), { code: "conflict" });
  await locks.release("a");
  await locks.acquire("b", "/w/x/y");
});
