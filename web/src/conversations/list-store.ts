/**
 * The conversation list, shared by all components. It is loaded once, updated by the changes that the server sends, and
 * loaded again when the server asks for it.
 */
import type { ConversationRow, ListChange } from "@deckhand/client";
import { client } from "../server.ts";
import { ListSubscription } from "./list-subscription.ts";
import { applyChange, type ListView, type Rows } from "./rows.ts";

export interface ListSnapshot {
  readonly rows: Rows;
  /** False until the first response. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  readonly view: ListView;
}

const pageSize = 50;

class ListStore {
  #shown: ListSnapshot = { rows: new Map(), loaded: false, hasMore: false, view: { query: "", archived: false } };
  readonly #subscription = new ListSubscription((change) => this.#onChange(change));
  /** The titles of all conversations seen so far, including those not in the current view. */
  readonly #titles = new Map<string, string>();
  #limit = pageSize;
  #requests = 0;

  readonly snapshot = (): ListSnapshot => this.#shown;

  readonly subscribe = this.#subscription.subscribe;

  titleOf(id: string): string {
    return this.#titles.get(id) ?? "";
  }

  show(view: Partial<ListView>): void {
    this.#limit = pageSize;
    this.#set({ view: { ...this.#shown.view, ...view } });
    void this.#load();
  }

  showMore(): void {
    this.#limit += pageSize;
    void this.#load();
  }

  readonly reload = (): void => void this.#load();

  #onChange(change: ListChange): void {
    if (change.reload) return void this.#load();
    for (const row of change.rows) this.#titles.set(row.id, row.title);
    this.#set({ rows: applyChange(this.#shown.rows, change, this.#shown.view) });
  }

  async #load(): Promise<void> {
    const { view } = this.#shown;
    this.#requests += 1;
    const request = this.#requests;
    try {
      const { rows, hasMore } = await load(view, this.#limit);
      for (const { id, title } of rows) this.#titles.set(id, title);
      // A newer request is on its way.
      if (request !== this.#requests) return;
      this.#set({ rows: new Map(rows.map((row) => [row.id, row])), hasMore, loaded: true });
    } catch {
      // The connection state shows the problem; after a reconnect the server asks its clients to reload.
    }
  }

  #set(change: Partial<ListSnapshot>): void {
    this.#shown = { ...this.#shown, ...change };
    this.#subscription.notify();
  }
}

export const listStore = new ListStore();

async function load(
  { query, archived }: ListView,
  limit: number,
): Promise<{ rows: readonly ConversationRow[]; hasMore: boolean }> {
  const isSearch = query.trim() !== "";
  const marks = isSearch ? {} : { archived };
  const pinned = isSearch || archived ? undefined : client.list({ ...marks, pinned: true, limit: 100 });
  const rows: ConversationRow[] = [];
  let after: string | undefined;
  do {
    const answer = await client.list({ ...marks, limit: pageSize, query, ...(after === undefined ? {} : { after }) });
    rows.push(...answer.conversations);
    after = answer.next ?? undefined;
  } while (after !== undefined && rows.length < limit);
  rows.push(...((await pinned)?.conversations ?? []));
  return { rows, hasMore: after !== undefined };
}
