/** The state of a conversation as its log and its row in the list have it. */
import { apply, empty, isAtWork, type ConversationState } from "@deckhand/protocol";
import type { ConversationId, EventStore, RowUpdate } from "../store/event-store.ts";

export function rowOf(state: ConversationState): RowUpdate {
  const { title, agentState, usage, open } = state;
  return { title, agentState, costUsd: usage.costUsd, busy: isAtWork(agentState) || open.length > 0 };
}

const pageSize = 500;

/** Folds the whole log of that id; empty for one that is not there. */
export async function readState(id: ConversationId, store: EventStore): Promise<ConversationState> {
  let state = empty;
  for (;;) {
    const page = await store.read(id, state.head, pageSize);
    if (page.length === 0) return state;
    for (const event of page) state = apply(state, event);
  }
}
