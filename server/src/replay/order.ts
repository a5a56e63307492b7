/**
 * Keeps the recorded order: whoever has something to say at a place waits until so many events have come. Where they do
 * not come, because it goes another way than it went, the one whose place is first goes on when nothing moves any more.
 */

/** Nothing has happened for so long, and nothing runs: then nothing will. A sandbox has started within this. */
const quietMs = 1500;

interface Waiting {
  readonly place: number;
  readonly go: () => void;
}

export class RecordedOrder implements Disposable {
  #count = 0;
  #running = 0;
  readonly #waiting = new Set<Waiting>();
  #quiet: NodeJS.Timeout | undefined;

  /** Events that have come. */
  get count(): number {
    return this.#count;
  }

  onEvents(events: number): void {
    this.#count += events;
    for (const waiting of this.#waiting) if (waiting.place <= this.#count) waiting.go();
    this.#moved();
  }

  /** Nothing is released while it runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#moved();
    }
  }

  /** Resolves when so many events have come, or will not. Fails with the reason of the signal. */
  reached(place: number, signal?: AbortSignal): Promise<void> {
    if (place <= this.#count) return Promise.resolve();
    this.#moved();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      const waiting: Waiting = {
        place,
        go: () => {
          leave();
          resolve();
        },
      };
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiting);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#quiet);
  }

  #moved(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      const [first] = [...this.#waiting].sort((a, b) => a.place - b.place);
      if (this.#running === 0) first?.go();
      if (this.#waiting.size > 0) this.#moved();
    }, quietMs);
  }
}
