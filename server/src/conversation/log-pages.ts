import { setImmediate as nextTurn } from "node:timers/promises";
import type { Event } from "@deckhand/protocol";

const pageSize = 200;

/** The log after event `after`, to its end. Yields to the event loop between pages, because a log may be long. */
export async function* logPages(
  read: (after: number, limit: number) => Promise<readonly Event[]>,
  after = -1,
): AsyncGenerator<readonly Event[], void, void> {
  let page = await read(after, pageSize);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield page;
    await nextTurn();
    page = await read(last.id, pageSize);
  }
}
