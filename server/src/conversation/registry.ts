/**
 * The conversations that are in memory: every one that is held (see `Holds`), and the most recently used idle ones. At most
 * one object per id, because each is the writer of its log. If a second writer exists nevertheless, in this or in
 * another process, the store's append refuses one of the two; `ConversationLog` then reads on and reports the conflict.
 */
import { DeckhandError } from "@deckhand/protocol";
import { KeyedQueue } from "../async/keyed-queue.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { Holds } from "./holds.ts";

/** An idle conversation is its state, a few kilobytes; opening one again reads the end of its log. */
const defaultMaxIdle = 200;

interface Live extends AsyncDisposable {
  readonly id: ConversationId;
  readonly holds: Holds;
}

export class ConversationRegistry<T extends Live> {
  readonly #load: (id: ConversationId, signal: AbortSignal | undefined) => Promise<T>;
  readonly #maxIdle: number;
  readonly #live = new Map<ConversationId, T>();
  /** Without holds, least recently used first. */
  readonly #idle = new Set<T>();
  readonly #removing = new Set<ConversationId>();
  /** Loading and removing a conversation, one at a time. */
  readonly #queue = new KeyedQueue();

  constructor(load: (id: ConversationId, signal: AbortSignal | undefined) => Promise<T>, maxIdle = defaultMaxIdle) {
    this.#load = load;
    this.#maxIdle = maxIdle;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The live object, loaded if there is none; while the conversation is being removed, waits until that is done. */
  async open(id: ConversationId, signal?: AbortSignal): Promise<T> {
    const live = this.#removing.has(id) ? undefined : this.#live.get(id);
    if (live === undefined) {
      return this.#queue.run(id, async () => this.#live.get(id) ?? this.#add(await this.#load(id, signal)));
    }
    if (this.#idle.delete(live)) this.#idle.add(live);
    return live;
  }

  /** Like `open`, but never waits for a removal, which may be waiting for the caller: returns the object that is being removed. */
  async openOrRemoving(id: ConversationId): Promise<T | undefined> {
    return this.#removing.has(id) ? this.#live.get(id) : this.open(id);
  }

  /** The live object, not loaded and not marked as used. */
  peek(id: ConversationId): T | undefined {
    return this.#live.get(id);
  }

  /** Runs the work while nobody can open the conversation; afterwards its object is forgotten, also when the work fails. */
  remove(id: ConversationId, work: (live: T | undefined) => Promise<void>): Promise<void> {
    this.#removing.add(id);
    return this.#queue.run(id, async () => {
      this.#removing.add(id);
      const live = this.#live.get(id);
      try {
        await work(live);
      } finally {
        if (live !== undefined) this.#forget(live, new DeckhandError("shutting_down", "The conversation was deleted."));
        this.#removing.delete(id);
      }
    });
  }

  /** To be called when the first hold of an object is taken and when its last one is released. */
  onHeldChange(conversation: T, isHeld: boolean): void {
    if (this.#live.get(conversation.id) !== conversation) return;
    if (isHeld) this.#idle.delete(conversation);
    else this.#addIdle(conversation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.idle();
    await Promise.all([...this.#live.values()].map((conversation) => conversation[Symbol.asyncDispose]()));
  }

  #add(conversation: T): T {
    this.#live.set(conversation.id, conversation);
    if (!conversation.holds.isHeld) this.#addIdle(conversation);
    return conversation;
  }

  #addIdle(conversation: T): void {
    this.#idle.add(conversation);
    const [oldest] = this.#idle;
    if (this.#idle.size > this.#maxIdle && oldest !== undefined) this.#forget(oldest, evicted());
  }

  #forget(conversation: T, refusal: DeckhandError): void {
    conversation.holds.refuse(refusal);
    this.#live.delete(conversation.id);
    this.#idle.delete(conversation);
  }
}

function evicted(): DeckhandError {
  return new DeckhandError("busy", "The conversation was unloaded in the meantime. Try again.");
}
