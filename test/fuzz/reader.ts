/** A client and the events that it has received; it may be slow, and may disconnect and continue where it was. */
import { connect, type Client, type ConnectOptions } from "@deckhand/client";
import { apply, emptyState, type ConversationState, type Event } from "@deckhand/protocol";

export class Reader {
  readonly seen: Event[] = [];
  state: ConversationState = emptyState;
  client: Client;
  /** Why it no longer follows. */
  failure: unknown;
  readonly #conversation: string;
  readonly #options: ConnectOptions;
  #leave = new AbortController();
  #following: Promise<void>;
  #lag: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(event: Event) => void>();

  constructor(conversation: string, options: ConnectOptions) {
    this.#conversation = conversation;
    this.#options = options;
    this.client = connect(options);
    this.#following = this.#follow();
    this.#following.catch((error: unknown) => (this.failure = error));
  }

  async #follow(): Promise<void> {
    const { signal } = this.#leave;
    const after = this.seen.at(-1)?.id ?? -1;
    try {
      for await (const item of this.client.follow(this.#conversation, { after, deltas: true, signal })) {
        if (item.type !== "event") continue;
        this.seen.push(item.event);
        this.state = apply(this.state, item.event);
        for (const listener of this.#listeners) listener(item.event);
        await this.#lag;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Reads nothing until the promise settles. */
  lag(until: Promise<void>): void {
    this.#lag = until;
  }

  /** The first matching event from now on; undefined if none arrives in time. */
  next(fits: (event: Event) => boolean, withinMs: number): Promise<Event | undefined> {
    return new Promise((resolve) => {
      const end = (event?: Event): void => {
        clearTimeout(late);
        this.#listeners.delete(listener);
        resolve(event);
      };
      const listener = (event: Event): void => {
        if (fits(event)) end(event);
      };
      const late = setTimeout(end, withinMs);
      this.#listeners.add(listener);
    });
  }

  async leave(): Promise<void> {
    this.#leave.abort();
    this.client.close();
    await this.#following;
  }

  async comeBack(): Promise<void> {
    await this.leave();
    this.#leave = new AbortController();
    this.client = connect(this.#options);
    this.#following = this.#follow();
    this.#following.catch((error: unknown) => (this.failure = error));
  }
}
