/**
 * Everything that waits for the user in all conversations. Changes of the conversation list say when the inbox may have
 * changed; it is then loaded again.
 */
import { useSyncExternalStore } from "react";
import type { InboxItem, ListChange } from "@deckhand/client";
import { ListSubscription } from "../conversations/list-subscription.ts";
import { needsYou } from "../conversations/rows.ts";
import { client } from "../server.ts";

export interface InboxSnapshot {
  readonly items: readonly InboxItem[];
  readonly more: boolean;
  readonly loaded: boolean;
  /** The number of items that need attention now. */
  readonly count: number;
}

type NewItemsListener = (items: readonly InboxItem[]) => void;

class InboxStore {
  #shown: InboxSnapshot = { items: [], more: false, loaded: false, count: 0 };
  readonly #subscription = new ListSubscription((change) => this.#onChange(change));
  readonly #newItemsListeners = new Set<NewItemsListener>();
  #loading: Promise<void> | undefined;
  /** Load again after the current request. */
  #isStale = false;

  readonly snapshot = (): InboxSnapshot => this.#shown;

  readonly subscribe = this.#subscription.subscribe;

  /** Reports items that are new since the last load. Returns a function that removes the listener. */
  onNew(listener: NewItemsListener): () => void {
    this.#newItemsListeners.add(listener);
    return () => this.#newItemsListeners.delete(listener);
  }

  #onChange({ rows, gone, reload }: ListChange): void {
    const known = new Map(this.#shown.items.map((item) => [item.id, item]));
    const mayDiffer = rows.some((row) => row.waiting !== null || known.has(row.id)) || gone.some((id) => known.has(id));
    if (reload || mayDiffer) this.#load();
  }

  /** One request at a time; changes in the meantime lead to one more. */
  #load(): void {
    if (this.#loading !== undefined) {
      this.#isStale = true;
      return;
    }
    this.#loading = client
      .inbox()
      .then(
        ({ items, more }) => this.#set(items, more),
        () => {
          // After a reconnect the server asks its clients to reload.
        },
      )
      .then(() => {
        this.#loading = undefined;
        if (!this.#isStale) return;
        this.#isStale = false;
        this.#load();
      });
  }

  #set(items: readonly InboxItem[], more: boolean): void {
    const before = new Set(this.#shown.items.filter(needsYou).map(keyOf));
    const { loaded } = this.#shown;
    this.#shown = { items, more, loaded: true, count: items.filter(needsYou).length };
    const newItems = items.filter((item) => needsYou(item) && !before.has(keyOf(item)));
    if (loaded && newItems.length > 0) for (const listener of this.#newItemsListeners) listener(newItems);
    this.#subscription.notify();
  }
}

function keyOf({ id, waiting, head }: InboxItem): string {
  return `${id} ${waiting.kind} ${waiting.id ?? head}`;
}

export const inboxStore = new InboxStore();

export function useInbox(): InboxSnapshot {
  return useSyncExternalStore(inboxStore.subscribe, inboxStore.snapshot);
}
