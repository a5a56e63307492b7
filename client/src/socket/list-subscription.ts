/** Listeners for changes in the list of conversations. After a reconnect they are told to read the list again. */
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

  /** Returns a function that unsubscribes. */
  add(listener: ListListener): () => void {
    // The same function can be added twice.
    const own: ListListener = (change) => listener(change);
    this.#listeners.add(own);
    // Sent for each new listener: the server's first frame asks to read the list, and after that nothing is missed.
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
