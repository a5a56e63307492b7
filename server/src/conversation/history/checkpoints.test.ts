import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { emptyState, observation, type NewEvent } from "@deckhand/protocol";
import { watchEventLoop } from "../../async/cpu-time.test-kit.ts";
import type { CheckpointStore, WorkspaceCheckpoints } from "../../checkpoints/checkpoint-store.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { writeLog } from "../../store/long-log.test-kit.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { Store } from "../../store/store.ts";
import { Checkpoints } from "./checkpoints.ts";
import { WorkspaceHistory } from "./workspace-history.ts";

const excluded = { ignored: 0, large: 0, unreadable: 0 };
const checkpoint = (after: number): NewEvent =>
  observation("environment", "checkpoint", "", {
    tree: `tree ${after}`,
    after,
    external: false,
    excluded,
    duration_ms: 1,
  });
const row = () => ({ title: "", agentState: null, costUsd: 0, busy: false, waiting: null, parent: null });

test("[T16] diff, past files, previews and the summary of a task read no event of a log of 30,000", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-history-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await using store = openSqliteStore(join(folder, "log.db"));
  let next = await writeLog(store, { id: "a", count: 27_000 });
  const marks = Array.from({ length: 3000 }, (_, at) => checkpoint(at * 9));
  await store.append("a", next, marks, row);
  next += marks.length;
  let readEvents = 0;
  const { history, store: watched } = historyOf(store, next - 1, (count) => (readEvents += count));
  assert.equal((await watched.read("a", -1, 10)).length, readEvents, "reads are counted");
  readEvents = 0;
  const { longestMs } = await watchEventLoop(async () => {
    const { from, to } = await history.diff(100, 20_000);
    assert.deepEqual([from, to], [99, 19_998]);
    assert.equal((await history.files(15_000)).after, 14_994);
    assert.equal((await history.file(15_000, "a")).length, 0);
    assert.equal((await history.preview(100)).after, 99);
    assert.equal((await history.changesSince(100, AbortSignal.timeout(20_000)))?.changed_files, 0);
  });
  assert.equal(readEvents, 0);
  assert.ok(longestMs < 50, `the longest turn took ${longestMs} ms`);
});

/** All trees are retained and equal. */
function historyOf(
  store: Store,
  head: number,
  onRead: (events: number) => void,
): { readonly history: WorkspaceHistory; readonly store: Store } {
  const read: Store["read"] = async (...args) => {
    const events = await store.read(...args);
    onRead(events.length);
    return events;
  };
  const watched = new Proxy(store, {
    get: (target, name) => (name === "read" ? read : (Reflect.get(target, name, target) as unknown)),
  });
  const trees = new Map(Array.from({ length: 3000 }, (_, at) => [at * 9, `tree ${at * 9}`]));
  const workspace: Partial<WorkspaceCheckpoints> = {
    activeConversations: new Set<string>(),
    capture: async () => ({ tree: "tree 26991", excluded, addedBytes: 0 }),
    retained: async () => trees,
    isRetained: async (_, after, tree) => trees.get(after) === tree,
    changes: async () => [],
    changedPaths: async () => new Set(),
    patches: async () => ({ files: [], changed_files: 0, added_lines: 0, deleted_lines: 0, truncated: false }),
    files: async () => ({ files: [], truncated: false }),
    file: async () => new Uint8Array(),
    retain: async () => {},
  };
  const checkpointStore = { forWorkspace: () => workspace as WorkspaceCheckpoints } as unknown as CheckpointStore;
  const state = () => ({ ...emptyState, head });
  const checkpoints = new Checkpoints({
    id: "a",
    store: checkpointStore,
    runtime: async () => ({ workspace: "/w" }) as unknown as Runtime,
    state,
    index: watched.checkpointIndex,
    append: async () => {},
    now: () => 0,
    typed: () => 0,
  });
  return { history: new WorkspaceHistory({ id: "a", state, checkpoints }), store: watched };
}
