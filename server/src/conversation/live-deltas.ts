import { endedStreams, type Delta, type Event } from "@deckhand/protocol";

/** Kept of each text: its end, a few screens. The event that follows has the whole text. */
const maxChars = 32 * 1024;

/**
 * What is streaming now: each delta is passed to the listeners, and for clients that connect later, each text is kept until
 * the event that has it in full is stored.
 */
export class LiveDeltas {
  readonly #texts = new Map<Delta["of"], string>();
  readonly #listeners = new Set<(delta: Delta) => void>();

  /** Each text so far, or its end if it is long. */
  get now(): readonly Delta[] {
    return Array.from(this.#texts, ([of, text]) => ({ of, text: text.slice(-maxChars), replace: true }));
  }

  add(delta: Delta): void {
    const { of, text } = delta;
    const all = of === "runtime" ? text : (this.#texts.get(of) ?? "") + text;
    if (all === "") this.#texts.delete(of);
    // Cut at twice the limit rather than at each delta, or every further character would copy the whole text.
    else this.#texts.set(of, all.length > 2 * maxChars ? all.slice(-maxChars) : all);
    for (const listener of this.#listeners) listener(delta);
  }

  onEvents(events: readonly Event[]): void {
    if (this.#texts.size === 0) return;
    for (const event of events) for (const of of endedStreams(event)) this.#texts.delete(of);
  }

  /** The listener must return at once. Returns a function that unsubscribes it. */
  subscribe(listener: (delta: Delta) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
