/**
 * Keeps the recorded order: each participant waits for its place, which is the number of events before it. If those events do
 * not come, because the replay takes another course, the waiter with the lowest place continues once nothing happens.
 */

/** If nothing runs and nothing has happened for this long, nothing will. A sandbox starts within this time. */
const quietMs = 1500;

interface Waiting {
  readonly place: number;
  readonly resume: () => void;
}

export class RecordedOrder implements Disposable {
  #count = 0;
  #running = 0;
  readonly #waiting = new Set<Waiting>();
  #quietTimer: NodeJS.Timeout | undefined;

  /** Events so far. */
  get count(): number {
    return this.#count;
  }

  onEvents(events: number): void {
    this.#count += events;
    for (const waiting of this.#waiting) if (waiting.place <= this.#count) waiting.resume();
    this.#restartQuietTimer();
  }

  /** No waiter is released early while the work runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#restartQuietTimer();
    }
  }

  /** Resolves when that many events have come, or will not come. Rejects with the reason of the signal. */
  reached(place: number, signal?: AbortSignal): Promise<void> {
    if (place <= this.#count) return Promise.resolve();
    this.#restartQuietTimer();
    return new Promise((resolve, reject) => {
      const remove = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        remove();
        reject(signal?.reason as Error);
      };
      const waiting: Waiting = {
        place,
        resume: () => {
          remove();
          resolve();
        },
      };
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiting);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#quietTimer);
  }

  #restartQuietTimer(): void {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => {
      const [first] = [...this.#waiting].sort((a, b) => a.place - b.place);
      if (this.#running === 0) first?.resume();
      if (this.#waiting.size > 0) this.#restartQuietTimer();
    }, quietMs);
  }
}
