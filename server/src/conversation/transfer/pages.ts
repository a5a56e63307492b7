import { setImmediate as nextTurn } from "node:timers/promises";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConversationId, EventStore } from "../../store/event-store.ts";

/** Events read at once; an export holds this many in memory. */
const pageSize = 200;

/** The events after `after` up to `last`, page by page. Fails with `unknown_conversation` if it is deleted meanwhile. */
export async function* eventPages(
  id: ConversationId,
  last: number,
  store: EventStore,
  after = -1,
): AsyncGenerator<readonly Event[], void, void> {
  for (let at = after; at < last;) {
    const page = await store.read(id, at, Math.min(pageSize, last - at));
    if (page.length === 0) throw new DeckhandError("unknown_conversation");
    yield page;
    at += page.length;
    // The store answers at once: without this, a long log would be all that the server does.
    await nextTurn();
  }
}
