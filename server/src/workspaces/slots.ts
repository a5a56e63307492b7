import { once } from "node:events";

/** At most so many at a time; the others wait, the first first. A wait ends with the signal's reason. */
export class Slots {
  #free: number;
  readonly #waiting: AbortController[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else {
      const turn = new AbortController();
      this.#waiting.push(turn);
      try {
        await once(turn.signal, "abort", { signal });
      } catch (error) {
        const at = this.#waiting.indexOf(turn);
        if (at === -1) this.#give();
        else this.#waiting.splice(at, 1);
        throw error;
      }
    }
    return { [Symbol.dispose]: () => this.#give() };
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.abort();
  }
}
