/** Logs that are in a home before a server starts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { action } from "@deckhand/protocol";
import { writeLog, type LongLog } from "../../../server/src/store/long-log.test-kit.ts";
import { openSqliteStore } from "../../../server/src/store/sqlite/sqlite-store.ts";

interface StoredHome extends AsyncDisposable {
  readonly path: string;
  /** The number of events of each log, in the given order. */
  readonly counts: readonly number[];
}

export async function homeWith(logs: readonly LongLog[]): Promise<StoredHome> {
  const path = await mkdtemp(join(tmpdir(), "deckhand-stored-"));
  await using store = openSqliteStore(join(path, "deckhand.db"));
  const counts = await Promise.all(logs.map((log) => writeLog(store, log)));
  return { path, counts, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const row = { title: "", agentState: null, costUsd: 0, busy: false, waiting: null, parent: null };

interface StoreTimes {
  /** Following the whole log, once per round. */
  readonly followMs: readonly number[];
  /** A hundred appends to the long log, alternating with a hundred to an empty one. */
  readonly appendMs: readonly number[];
  readonly appendToEmptyMs: readonly number[];
}

/** Measures the store alone, with a log of `count` events. */
export async function timeStore(count: number): Promise<StoreTimes> {
  await using home = await homeWith([{ id: "long", count }]);
  await using store = openSqliteStore(join(home.path, "deckhand.db"));
  const last = (home.counts[0] ?? 0) - 1;
  const times = { followMs: [] as number[], appendMs: [] as number[], appendToEmptyMs: [] as number[] };
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now();
    const stop = new AbortController();
    for await (const event of store.follow("long", -1, stop.signal)) if (event.id === last) stop.abort();
    times.followMs.push(performance.now() - startedAt);
  }
  const next = new Map([["long", last + 1]]);
  const append = async (id: string, to: number[]): Promise<void> => {
    const startedAt = performance.now();
    for (let n = 0; n < 100; n += 1) {
      const at = next.get(id) ?? 0;
      await store.append(id, at, [action("user", "think", { thought: `thought ${at}` })], () => row);
      next.set(id, at + 1);
    }
    to.push(performance.now() - startedAt);
  };
  for (let round = 0; round < 15; round += 1) {
    await append("long", times.appendMs);
    await append(`empty ${round}`, times.appendToEmptyMs);
  }
  return times;
}
