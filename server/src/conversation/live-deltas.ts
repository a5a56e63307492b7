import { endedStreams, type Delta, type Event } from "@deckhand/protocol";

/** Kept of one text: its end, some screens full. The whole comes with its event. */
const mostChars = 32 * 1024;

/** What streams in now, for who comes late: each text from its beginning, or its end, until the event that has it whole. */
export class LiveDeltas {
  readonly #texts = new Map<Delta["of"], string>();

  add({ of, text }: Delta): void {
    const all = of === "runtime" ? text : (this.#texts.get(of) ?? "") + text;
    if (all === "") this.#texts.delete(of);
    // Cut at twice the bound, not at each delta: or every further character would copy the whole.
    else this.#texts.set(of, all.length > 2 * mostChars ? all.slice(-mostChars) : all);
  }

  onEvents(events: readonly Event[]): void {
    if (this.#texts.size === 0) return;
    for (const event of events) for (const of of endedStreams(event)) this.#texts.delete(of);
  }

  get now(): readonly Delta[] {
    return Array.from(this.#texts, ([of, text]) => ({ of, text: text.slice(-mostChars), again: true }));
  }
}
