/** All conversations of this server, each opened once. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConversationId, ConversationRow, ListOptions } from "../store/event-store.ts";
import type { ConversationApi, ConversationsApi } from "./api.ts";
import { Conversation, type ConversationDeps } from "./conversation.ts";
import { fork, importEvents, pages } from "./library.ts";

export class Conversations implements ConversationsApi, AsyncDisposable {
  readonly #deps: ConversationDeps;
  readonly #open = new Map<ConversationId, Promise<Conversation>>();
  /** Nobody opens them again while what runs in them is stopped. */
  readonly #deleting = new Set<ConversationId>();

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
  }

  /** Closes what a killed server left open. Nothing is run. */
  async recover(): Promise<void> {
    for (const id of await this.#deps.store.busy()) await this.open(id);
  }

  /** A conversation that is open stays so: at rest it is its state, a few kilobytes. */
  async open(id: ConversationId): Promise<ConversationApi> {
    if (this.#deleting.has(id)) throw new DeckhandError("unknown_conversation");
    let opening = this.#open.get(id);
    if (opening === undefined) {
      opening = Conversation.open(id, this.#deps);
      this.#open.set(id, opening);
      opening.catch(() => this.#open.delete(id));
    }
    return opening;
  }

  async exists(id: ConversationId): Promise<boolean> {
    return (await this.row(id)) !== undefined;
  }

  list(options: ListOptions): Promise<readonly ConversationRow[]> {
    return this.#deps.store.list(options);
  }

  row(id: ConversationId): Promise<ConversationRow | undefined> {
    return this.#deps.store.row(id);
  }

  rename(id: ConversationId, title: string): Promise<void> {
    return this.#deps.store.rename(id, title);
  }

  async delete(id: ConversationId): Promise<void> {
    this.#deleting.add(id);
    try {
      const open = await this.#open.get(id);
      await open?.[Symbol.asyncDispose]();
      await this.#deps.store.delete(id);
    } finally {
      this.#open.delete(id);
      this.#deleting.delete(id);
    }
    await rm(this.#deps.home(id), { recursive: true, force: true });
  }

  fork(from: ConversationId, at?: number): Promise<ConversationRow> {
    return this.#made((to) => fork({ from, at, to }, this.#deps));
  }

  import(events: AsyncIterable<readonly Event[]>, title: string): Promise<ConversationRow> {
    return this.#made((to) => importEvents({ events, title, to }, this.#deps));
  }

  pages(id: ConversationId, last: number): AsyncIterable<readonly Event[]> {
    return pages(id, last, this.#deps.store);
  }

  async #made(make: (id: ConversationId) => Promise<void>): Promise<ConversationRow> {
    const id = randomUUID();
    await make(id);
    const row = await this.row(id);
    if (row === undefined) throw new DeckhandError("unknown_conversation");
    return row;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await Promise.allSettled(this.#open.values());
    await Promise.all(
      open.map(async (each) => {
        if (each.status === "fulfilled") await each.value[Symbol.asyncDispose]();
      }),
    );
  }
}
