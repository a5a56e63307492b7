/**
 * The list of conversations as this page knows it, kept by what the server tells of changes: asked for once, and again
 * whenever the server says that more may have changed. One for all who look at it.
 */
import type { ConversationRow, ListChange } from "@deckhand/client";
import { client } from "../server.ts";
import { applyChange, type ListView, type Rows } from "./rows.ts";

export interface ListSnapshot {
  readonly rows: Rows;
  /** False until the first answer. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  readonly view: ListView;
}

const pageSize = 50;

class ListStore {
  #shown: ListSnapshot = { rows: new Map(), loaded: false, hasMore: false, view: { query: "", archived: false } };
  readonly #listeners = new Set<() => void>();
  /** Of any that was told of, whatever is shown now. */
  readonly #titles = new Map<string, string>();
  #wanted = pageSize;
  #asked = 0;
  #stop: (() => void) | undefined;

  readonly snapshot = (): ListSnapshot => this.#shown;

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

  titleOf(id: string): string {
    return this.#titles.get(id) ?? "";
  }

  show(view: Partial<ListView>): void {
    this.#wanted = pageSize;
    this.#set({ view: { ...this.#shown.view, ...view } });
    void this.#load();
  }

  showMore(): void {
    this.#wanted += pageSize;
    void this.#load();
  }

  readonly reload = (): void => void this.#load();

  #take(change: ListChange): void {
    if (change.reload) return void this.#load();
    for (const row of change.rows) this.#titles.set(row.id, row.title);
    this.#set({ rows: applyChange(this.#shown.rows, change, this.#shown.view) });
  }

  async #load(): Promise<void> {
    const { view } = this.#shown;
    this.#asked += 1;
    const mine = this.#asked;
    try {
      const { rows, hasMore } = await load(view, this.#wanted);
      for (const { id, title } of rows) this.#titles.set(id, title);
      // Something else was asked for since, and its answer comes.
      if (mine !== this.#asked) return;
      this.#set({ rows: new Map(rows.map((row) => [row.id, row])), hasMore, loaded: true });
    } catch {
      // The connection's own state tells the person enough; when it is back the server says to ask again.
    }
  }

  #set(change: Partial<ListSnapshot>): void {
    this.#shown = { ...this.#shown, ...change };
    for (const listener of this.#listeners) listener();
  }
}

export const listStore = new ListStore();

async function load(
  { query, archived }: ListView,
  wanted: number,
): Promise<{ rows: readonly ConversationRow[]; hasMore: boolean }> {
  const searched = query.trim() !== "";
  const marks = searched ? {} : { archived };
  const pinned = searched || archived ? undefined : client.list({ ...marks, pinned: true, limit: 100 });
  const rows: ConversationRow[] = [];
  let after: string | undefined;
  do {
    const answer = await client.list({ ...marks, limit: pageSize, query, ...(after === undefined ? {} : { after }) });
    rows.push(...answer.conversations);
    after = answer.next ?? undefined;
  } while (after !== undefined && rows.length < wanted);
  rows.push(...((await pinned)?.conversations ?? []));
  return { rows, hasMore: after !== undefined };
}
