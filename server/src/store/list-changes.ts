/**
 * Recent changes of the list: for each conversation the number of its last change, oldest first. All followers share it; each
 * of them is only a number. It remembers a bounded number of conversations; a follower that is further behind is asked to
 * read the list again.
 */
import type { ConversationId, ConversationRow, ListChange } from "./event-store.ts";
import { Waiters } from "./waiters.ts";

/** Conversations that may change between two reads of a follower; beyond that it reads the whole list. */
const maxRemembered = 1_000;
/** Rows per change. */
const maxRows = 20;

export class ListChanges {
  readonly #lastChange = new Map<ConversationId, number>();
  readonly #waiters = new Waiters();
  readonly #rowOf: (conversation: ConversationId) => ConversationRow | undefined;
  #now = 0;
  /** Changes up to this one are no longer known individually. */
  #forgotten = 0;
  #closed = false;

  constructor(rowOf: (conversation: ConversationId) => ConversationRow | undefined) {
    this.#rowOf = rowOf;
  }

  changed(conversation: ConversationId): void {
    this.#now += 1;
    this.#lastChange.delete(conversation);
    this.#lastChange.set(conversation, this.#now);
    const [oldest] = this.#lastChange;
    if (this.#lastChange.size > maxRemembered && oldest !== undefined) {
      [, this.#forgotten] = oldest;
      this.#lastChange.delete(oldest[0]);
    }
    this.#waiters.wake("");
  }

  /** Ends when the signal aborts or the store is closed. */
  async *follow(signal: AbortSignal): AsyncGenerator<ListChange> {
    let at = this.#now;
    yield { rows: [], gone: [], reload: true };
    while (!signal.aborted && !this.#closed) {
      if (at < this.#forgotten) {
        at = this.#now;
        yield { rows: [], gone: [], reload: true };
      } else if (at < this.#now) {
        const { change, last } = this.#after(at);
        at = last;
        yield change;
      } else {
        await this.#waiters.wait("", signal);
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#waiters.wakeAll();
  }

  #after(at: number): { readonly change: ListChange; readonly last: number } {
    const ids: ConversationId[] = [];
    let last = this.#now;
    for (const [id, change] of this.#lastChange) {
      if (change <= at) continue;
      if (ids.length === maxRows) break;
      ids.push(id);
      last = change;
    }
    const found = ids.map((id) => [id, this.#rowOf(id)] as const);
    const change = {
      rows: found.flatMap(([, row]) => row ?? []),
      gone: found.flatMap(([id, row]) => (row === undefined ? [id] : [])),
      reload: false,
    };
    return { change, last };
  }
}
