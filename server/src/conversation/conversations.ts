/** All conversations of this server, each opened once. */
import { rm } from "node:fs/promises";
import type { ConversationId, ConversationRow, ListOptions } from "../store/event-store.ts";
import type { ConversationApi, ConversationsApi } from "./api.ts";
import { Conversation, type ConversationDeps } from "./conversation.ts";

export class Conversations implements ConversationsApi, AsyncDisposable {
  readonly #deps: ConversationDeps;
  readonly #open = new Map<ConversationId, Promise<Conversation>>();

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
  }

  /** Closes what a killed server left open. Nothing is run. */
  async recover(): Promise<void> {
    for (const id of await this.#deps.store.busy()) await this.open(id);
  }

  /** A conversation that is open stays so: at rest it is its state, a few kilobytes. */
  open(id: ConversationId): Promise<ConversationApi> {
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
    const open = await this.#open.get(id);
    this.#open.delete(id);
    await open?.[Symbol.asyncDispose]();
    await this.#deps.store.delete(id);
    await rm(this.#deps.home(id), { recursive: true, force: true });
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
