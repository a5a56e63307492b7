import type { ListChange } from "@deckhand/client";
import { client } from "../server.ts";

/** Listeners of a store that depends on the conversation list. The list is followed while there are any. */
export class ListSubscription {
  readonly #onChange: (change: ListChange) => void;
  readonly #listeners = new Set<() => void>();
  #unfollow: (() => void) | undefined;

  constructor(onChange: (change: ListChange) => void) {
    this.#onChange = onChange;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#unfollow ??= client.onList(this.#onChange);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unfollow?.();
      this.#unfollow = undefined;
    };
  };

  notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
