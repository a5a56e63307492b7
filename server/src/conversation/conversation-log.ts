/**
 * The log of one conversation as its only writer sees it: a mailbox that runs everything that changes the conversation, one
 * job at a time, and the state that the stored events fold to.
 */
import { DeckhandError, fold, type ConversationState, type Event, type NewEvent } from "@deckhand/protocol";
import { Mutex } from "../async/mutex.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { Store } from "../store/store.ts";
import type { Holds } from "./holds.ts";
import { logPages } from "./log-pages.ts";
import { cacheState, rowOf } from "./state-cache.ts";

/** What an append has changed. */
export interface StoredChange {
  readonly events: readonly Event[];
  readonly before: ConversationState;
  readonly state: ConversationState;
  /** Work goes on or an action is open: the conversation must stay in memory. */
  readonly isBusy: boolean;
}

interface LogDeps {
  readonly id: ConversationId;
  readonly store: Store;
  readonly holds: Holds;
  /** The state that the log folds to now. */
  readonly state: ConversationState;
  /** Called for everything that was stored, before the next job in the mailbox begins. */
  readonly onStored: (change: StoredChange) => void;
  /** The store has refused an append, because another writer was first. */
  readonly onConflict: (error: DeckhandError) => void;
}

export class ConversationLog {
  readonly #deps: LogDeps;
  readonly #mailbox = new Mutex();
  #state: ConversationState;

  constructor(deps: LogDeps) {
    this.#deps = deps;
    this.#state = deps.state;
  }

  get state(): ConversationState {
    return this.#state;
  }

  read(after: number, limit: number): Promise<readonly Event[]> {
    return this.#deps.store.read(this.#deps.id, after, limit);
  }

  /** Runs jobs one at a time in call order; a failure rejects only for its own caller. */
  enqueue<T>(job: () => Promise<T>): Promise<T> {
    return this.#deps.holds.during(() => this.#mailbox.run(job));
  }

  /** Stores what the function returns for the state at its turn in the mailbox; an empty list stores nothing. */
  enqueueAppend(events: (now: ConversationState) => readonly NewEvent[]): Promise<readonly Event[]> {
    return this.enqueue(() => this.append(events(this.#state)));
  }

  /** Only to be called by a job in the mailbox. */
  async append(events: readonly NewEvent[]): Promise<readonly Event[]> {
    if (events.length === 0) return [];
    const { id, store } = this.#deps;
    const before = this.#state;
    let state = before;
    let isBusy = false;
    const row = (withIds: readonly Event[]) => {
      state = fold(withIds, before);
      const update = rowOf(state);
      isBusy = update.busy;
      return update;
    };
    const stored = await store.append(id, state.head + 1, events, row).catch(async (error: unknown) => {
      if (error instanceof DeckhandError && error.code === "conflict") await this.#catchUp(error);
      throw error;
    });
    this.#state = state;
    // Only a cache: if this fails, a later append writes it.
    cacheState(id, before, state, store).catch(() => {});
    this.#deps.onStored({ events: stored, before, state, isBusy });
    return stored;
  }

  /** The event that a command became, if it was stored. */
  async eventOf(command: string | undefined): Promise<Event | undefined> {
    if (command === undefined) return undefined;
    const id = await this.#deps.store.findCommand(this.#deps.id, command);
    return id === undefined ? undefined : (await this.read(id - 1, 1))[0];
  }

  /** Resolves when the mailbox is empty. */
  idle(): Promise<void> {
    return this.#mailbox.idle();
  }

  /** Takes in what another writer has stored, so that the next append starts from the log as it is. */
  async #catchUp(conflict: DeckhandError): Promise<void> {
    this.#deps.onConflict(conflict);
    for await (const events of logPages((after, limit) => this.read(after, limit), this.#state.head)) {
      const before = this.#state;
      const state = fold(events, before);
      this.#state = state;
      this.#deps.onStored({ events, before, state, isBusy: rowOf(state).busy });
    }
  }
}
