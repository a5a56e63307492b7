/**
 * The log of one conversation, as its only writer has it: a mailbox, through which everything goes that changes the conversation, one at
 * a time, and the state that what is stored folds to.
 */
import { fold, type ConversationState, type Event, type NewEvent } from "@deckhand/protocol";
import type { ConversationId } from "../store/event-store.ts";
import type { Store } from "../store/store.ts";
import { cacheState, rowOf } from "./state-cache.ts";

interface LogDeps {
  readonly id: ConversationId;
  readonly store: Store;
  /** As it was read. */
  readonly state: ConversationState;
  /** Is told of everything that was stored, before the next in the mailbox has its turn. `busy`: there is work to be held for. */
  readonly onStored: (stored: readonly Event[], before: ConversationState, busy: boolean) => void;
}

export class ConversationLog {
  readonly #deps: LogDeps;
  #state: ConversationState;
  #mailbox: Promise<unknown> = Promise.resolve();

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

  /** One at a time, in the order of the calls; a failure is its caller's and nobody else's. */
  enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#mailbox.then(work);
    this.#mailbox = done.catch(() => {});
    return done;
  }

  /** Stores what the function makes of the state as it is when its time has come; nothing for an empty list. */
  enqueueAppend(events: (now: ConversationState) => readonly NewEvent[]): Promise<readonly Event[]> {
    return this.enqueue(() => this.append(events(this.#state)));
  }

  /** Inside the mailbox alone. */
  async append(events: readonly NewEvent[]): Promise<readonly Event[]> {
    if (events.length === 0) return [];
    const { id, store, onStored } = this.#deps;
    const before = this.#state;
    let state = before;
    let busy = false;
    const stored = await store.append(id, state.head + 1, events, (withIds) => {
      state = fold(withIds, before);
      const row = rowOf(state);
      ({ busy } = row);
      return row;
    });
    this.#state = state;
    // A cache: where it cannot be stored, the next event will tell.
    cacheState(id, before, state, store).catch(() => {});
    onStored(stored, before, busy);
    return stored;
  }

  /** The event that a command became, if it was stored. */
  async eventOf(command: string | undefined): Promise<Event | undefined> {
    if (command === undefined) return undefined;
    const id = await this.#deps.store.findCommand(this.#deps.id, command);
    return id === undefined ? undefined : (await this.read(id - 1, 1))[0];
  }

  /** Resolves when all that was given to the mailbox by now is done. */
  async settled(): Promise<void> {
    await this.#mailbox;
  }
}
