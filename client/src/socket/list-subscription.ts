/** Who is told of changes in the list of conversations. On a new socket the list is followed again, which tells to read it. */
import type { ConversationRow } from "@deckhand/protocol";

export interface ListChange {
  /** Changed conversations, in their current state. */
  readonly rows: readonly ConversationRow[];
  /** Ids of deleted conversations. */
  readonly gone: readonly string[];
  /** There may be more changes than these: read the list again. */
  readonly reload: boolean;
}

export type ListListener = (change: ListChange) => void;

export class ListSubscription {
  readonly #listeners = new Set<ListListener>();
  readonly #send: (frame: object) => boolean;

  constructor(send: (frame: object) => boolean) {
    this.#send = send;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Returns what ends it. */
  add(listener: ListListener): () => void {
    // Two who give the same function are two.
    const own: ListListener = (change) => listener(change);
    this.#listeners.add(own);
    // Again for each new one: the answer tells it to read the list, after which it misses nothing.
    this.#send({ subscribe_list: {} });
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#send({ unsubscribe_list: {} });
    };
  }

  onHello(): void {
    if (this.#listeners.size > 0) this.#send({ subscribe_list: {} });
  }

  onChange(change: ListChange): void {
    if (change.rows.length === 0 && change.gone.length === 0 && !change.reload) return;
    for (const listener of this.#listeners) listener(change);
  }
}
