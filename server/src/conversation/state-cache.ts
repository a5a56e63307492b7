/**
 * The state of a conversation: the fold of its log. The store also keeps the state itself, as a cache, so that opening a long
 * conversation need not fold all of its log; a cached state that does not match the log or this program is ignored.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { apply, emptyState, isWorking, waitingFor, type ConversationState } from "@deckhand/protocol";
import type { ConversationId, EventStore, RowUpdate } from "../store/event-store.ts";
import { logPages } from "./log-pages.ts";

/** Events between two cached states: folding this many takes a few milliseconds. */
const cacheInterval = 1000;

/** What the list of conversations shows for that state. */
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

/** Folds the log from its cached state on; the empty state for a log that does not exist. */
export async function readState(id: ConversationId, store: EventStore): Promise<ConversationState> {
  const cached = await readCachedState(id, store);
  let state = cached;
  for await (const page of logPages((after, limit) => store.read(id, after, limit), cached.head)) {
    for (const event of page) state = apply(state, event);
  }
  await cacheState(id, cached, state, store);
  return state;
}

/** Caches the state if none was cached for the last thousand events. */
export async function cacheState(
  id: ConversationId,
  before: ConversationState,
  state: ConversationState,
  store: EventStore,
): Promise<void> {
  if (Math.floor(before.head / cacheInterval) === Math.floor(state.head / cacheInterval)) return;
  if (state.head < cacheInterval) return;
  await store.cacheState(id, { version: foldVersion(), head: state.head, body: JSON.stringify(state) });
}

async function readCachedState(id: ConversationId, store: EventStore): Promise<ConversationState> {
  const cached = await store.cachedState(id);
  if (cached === undefined || cached.version !== foldVersion()) return emptyState;
  try {
    const state = JSON.parse(cached.body) as ConversationState;
    return state.head === cached.head ? state : emptyState;
  } catch {
    return emptyState;
  }
}

let version: string | undefined;

/**
 * A cached state is what one version of the fold made of a log, so any change in the code of the protocol makes it another
 * version. In the repository that code is TypeScript, in a published package compiled JavaScript.
 */
export function foldVersion(): string {
  return (version ??= hashSources(new URL(".", import.meta.resolve("@deckhand/protocol"))));
}

/** `folder` ends with a slash. Fails if it contains no code: a hash of nothing would fit every version. */
export function hashSources(folder: URL): string {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = names.filter((name) => /\.[cm]?[jt]s$/.test(name) && !/\.(test|d)\.[cm]?[jt]s$/.test(name));
  if (sources.length === 0) throw new Error(`There is no code of the protocol in ${folder.pathname}.`);
  const hash = createHash("sha256");
  for (const name of sources.toSorted()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return hash.digest("base64url");
}
