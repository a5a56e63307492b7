/**
 * The state of a conversation as its log, its snapshot and its row in the list have it. The snapshot is a cache: it
 * saves folding a long log again each time it is opened, and whatever does not fit the log or this program is ignored.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { apply, emptyState, isWorking, waitingFor, type ConversationState } from "@deckhand/protocol";
import type { ConversationId, EventStore, RowUpdate } from "../store/event-store.ts";
import { logPages } from "./log-pages.ts";

/** Events between two snapshots: folding so many takes a few milliseconds. */
const snapshotEvery = 1000;

export function rowOf(state: ConversationState): RowUpdate {
  const { title, agentState, usage, open, parent } = state;
  const busy = isWorking(agentState) || open.length > 0;
  return {
    title,
    agentState,
    costUsd: usage.costUsd,
    busy,
    waiting: waitingFor(state),
    parent: parent?.conversation ?? null,
  };
}

/** Folds the log of that id from its snapshot on; empty for one that is not there. */
export async function readState(id: ConversationId, store: EventStore): Promise<ConversationState> {
  const kept = await readSnapshot(id, store);
  let state = kept;
  for await (const page of logPages((after, limit) => store.read(id, after, limit), kept.head)) {
    for (const event of page) state = apply(state, event);
  }
  await cacheState(id, kept, state, store);
  return state;
}

/** Keeps a snapshot where there is none for the last thousand events. */
export async function cacheState(
  id: ConversationId,
  before: ConversationState,
  state: ConversationState,
  store: EventStore,
): Promise<void> {
  if (Math.floor(before.head / snapshotEvery) === Math.floor(state.head / snapshotEvery)) return;
  if (state.head < snapshotEvery) return;
  await store.cacheState(id, { version: foldVersion(), head: state.head, body: JSON.stringify(state) });
}

async function readSnapshot(id: ConversationId, store: EventStore): Promise<ConversationState> {
  const snapshot = await store.cachedState(id);
  if (snapshot === undefined || snapshot.version !== foldVersion()) return emptyState;
  try {
    const state = JSON.parse(snapshot.body) as ConversationState;
    return state.head === snapshot.head ? state : emptyState;
  } catch {
    return emptyState;
  }
}

let known: string | undefined;

/** A state is what one version of the fold makes of a log: any change in the protocol's sources is another version. */
function foldVersion(): string {
  if (known !== undefined) return known;
  const folder = new URL(".", import.meta.resolve("@deckhand/protocol"));
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const hash = createHash("sha256");
  for (const name of sources.toSorted()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return (known = hash.digest("base64url"));
}
