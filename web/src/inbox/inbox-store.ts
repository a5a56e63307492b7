/**
 * What waits for a person in all conversations, as this page knows it. Changes are told by the list; what is asked of a
 * person comes from the inbox, asked for again when something in it may be another.
 */
import { useSyncExternalStore } from "react";
import type { InboxItem, ListChange } from "@deckhand/client";
import { needsYou } from "../conversations/rows.ts";
import { client } from "../server.ts";

export interface InboxSnapshot {
  readonly items: readonly InboxItem[];
  readonly more: boolean;
  readonly loaded: boolean;
  /** How many of them need somebody now. */
  readonly count: number;
}

type NewItemsListener = (items: readonly InboxItem[]) => void;

class InboxStore {
  #shown: InboxSnapshot = { items: [], more: false, loaded: false, count: 0 };
  readonly #listeners = new Set<() => void>();
  readonly #newcomers = new Set<NewItemsListener>();
  #loading: Promise<void> | undefined;
  #again = false;
  #stop: (() => void) | undefined;

  readonly snapshot = (): InboxSnapshot => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#stop ??= client.onList((change) => this.#take(change));
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  };

  /** Told of what waits since the last look, never of what waited before the page was there. Returns what ends it. */
  onNew(listener: NewItemsListener): () => void {
    this.#newcomers.add(listener);
    return () => this.#newcomers.delete(listener);
  }

  #take({ rows, gone, reload }: ListChange): void {
    const known = new Map(this.#shown.items.map((item) => [item.id, item]));
    const isOther = rows.some((row) => row.waiting !== null || known.has(row.id)) || gone.some((id) => known.has(id));
    if (reload || isOther) this.#load();
  }

  /** One request at a time; what comes meanwhile is one more. */
  #load(): void {
    if (this.#loading !== undefined) {
      this.#again = true;
      return;
    }
    this.#loading = client
      .inbox()
      .then(
        ({ items, more }) => this.#set(items, more),
        () => {
          // When the connection is back the server says to ask again.
        },
      )
      .then(() => {
        this.#loading = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.#load();
      });
  }

  #set(items: readonly InboxItem[], more: boolean): void {
    const before = new Set(this.#shown.items.filter(needsYou).map(keyOf));
    const { loaded } = this.#shown;
    this.#shown = { items, more, loaded: true, count: items.filter(needsYou).length };
    const fresh = items.filter((item) => needsYou(item) && !before.has(keyOf(item)));
    if (loaded && fresh.length > 0) for (const listener of this.#newcomers) listener(fresh);
    for (const listener of this.#listeners) listener();
  }
}

function keyOf({ id, waiting, head }: InboxItem): string {
  return `${id} ${waiting.kind} ${waiting.id ?? head}`;
}

export const inboxStore = new InboxStore();

export function useInbox(): InboxSnapshot {
  return useSyncExternalStore(inboxStore.subscribe, inboxStore.snapshot);
}
