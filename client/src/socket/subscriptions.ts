/**
 * Followers of conversations and how far each has read. A socket subscribes to a conversation once, from the lowest
 * position of its followers. Each follower accepts only its next event, so it sees every event once and in order,
 * however often it is sent.
 *
 * After a subscribe from `A`, `awaiting` is A until event A+1 (or a `caught_up` at A) arrives: events beyond it are
 * leftovers of an earlier subscription on this socket. At any other time an event beyond the next one is a gap, and the
 * conversation is subscribed again; if the gap remains, the socket is dropped.
 */
import { DeckhandError, type Delta, type Event } from "@deckhand/protocol";

export interface Follower {
  /** Id of the last event received; -1 for none. */
  last: number;
  readonly deltas: boolean;
  readonly onEvent: (event: Event) => void;
  readonly onDelta: (delta: Delta) => void;
  readonly onCaughtUp: (id: number) => void;
  /** The socket was lost: deltas may be missing from here on, events are not. */
  readonly onDown: () => void;
  /** The server refused, or the client was closed; nothing more is delivered. */
  readonly onEnd: (reason: DeckhandError | undefined) => void;
}

interface Subscription {
  readonly followers: Set<Follower>;
  awaiting: number | undefined;
  /** Our position when the last tick found us behind. Twice behind at the same position: the subscription is lost. */
  behindAt: number | undefined;
}

interface Wire {
  readonly send: (frame: object) => boolean;
  readonly drop: (why: string) => void;
}

export class Subscriptions {
  readonly #byConversation = new Map<string, Subscription>();
  readonly #wire: Wire;
  #closed: { readonly reason: DeckhandError | undefined } | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get size(): number {
    return this.#byConversation.size;
  }

  /** Returns a function that unsubscribes. */
  add(conversation: string, follower: Follower): () => void {
    if (this.#closed !== undefined) {
      follower.onEnd(this.#closed.reason);
      return () => {};
    }
    const present = this.#byConversation.get(conversation);
    const subscription = present ?? { followers: new Set<Follower>(), awaiting: undefined, behindAt: undefined };
    this.#byConversation.set(conversation, subscription);
    subscription.followers.add(follower);
    this.#subscribe(conversation, subscription, present !== undefined);
    return () => this.#remove(conversation, subscription, follower);
  }

  onHello(): void {
    for (const [conversation, subscription] of this.#byConversation) this.#subscribe(conversation, subscription, false);
  }

  onDown(): void {
    for (const subscription of this.#byConversation.values()) {
      for (const follower of subscription.followers) follower.onDown();
    }
  }

  onEvent(conversation: string, event: Event): void {
    const subscription = this.#byConversation.get(conversation);
    if (subscription === undefined) return;
    let gap = false;
    for (const follower of subscription.followers) {
      if (event.id === follower.last + 1) {
        follower.last = event.id;
        follower.onEvent(event);
      } else if (event.id > follower.last) gap = true;
    }
    if (subscription.awaiting !== undefined) {
      if (event.id === subscription.awaiting + 1) subscription.awaiting = undefined;
    } else if (gap && subscription.followers.size > 0) this.#subscribe(conversation, subscription, true);
  }

  onDelta(conversation: string, delta: Delta): void {
    for (const follower of this.#byConversation.get(conversation)?.followers ?? []) {
      if (follower.deltas) follower.onDelta(delta);
    }
  }

  onCaughtUp(conversation: string, id: number): void {
    const subscription = this.#byConversation.get(conversation);
    if (subscription === undefined) return;
    if (subscription.awaiting !== undefined && id > subscription.awaiting) {
      return this.#wire.drop("The server skipped an event.");
    }
    subscription.awaiting = undefined;
    for (const follower of subscription.followers) {
      if (follower.last >= id) follower.onCaughtUp(id);
    }
  }

  onTick(conversation: string, head: number): void {
    const subscription = this.#byConversation.get(conversation);
    if (subscription === undefined) return;
    const last = lowest(subscription);
    if (last >= head) subscription.behindAt = undefined;
    else if (subscription.behindAt === last) this.#subscribe(conversation, subscription, true);
    else subscription.behindAt = last;
  }

  onError(conversation: string, reason: DeckhandError): void {
    const subscription = this.#byConversation.get(conversation);
    if (subscription === undefined) return;
    if (reason.retryable) return this.#wire.drop(reason.message);
    this.#byConversation.delete(conversation);
    for (const follower of subscription.followers) follower.onEnd(reason);
  }

  close(reason: DeckhandError | undefined): void {
    this.#closed = { reason };
    const all = [...this.#byConversation.values()];
    this.#byConversation.clear();
    for (const subscription of all) for (const follower of subscription.followers) follower.onEnd(reason);
  }

  #subscribe(conversation: string, subscription: Subscription, again: boolean): void {
    const after = lowest(subscription);
    const deltas = [...subscription.followers].some((follower) => follower.deltas);
    if (again) this.#wire.send({ unsubscribe: { conversation } });
    const sent = this.#wire.send({ subscribe: { conversation, after, deltas, batch: true } });
    subscription.awaiting = sent ? after : undefined;
    subscription.behindAt = undefined;
  }

  #remove(conversation: string, subscription: Subscription, follower: Follower): void {
    if (!subscription.followers.delete(follower) || subscription.followers.size > 0) return;
    if (this.#byConversation.get(conversation) !== subscription) return;
    this.#byConversation.delete(conversation);
    this.#wire.send({ unsubscribe: { conversation } });
  }
}

function lowest(subscription: Subscription): number {
  let last = Number.POSITIVE_INFINITY;
  for (const follower of subscription.followers) last = Math.min(last, follower.last);
  return last;
}
