import { abortable } from "./abortable.ts";

interface Waiter {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** Limits how many jobs run at once; the others wait in call order. */
export class Semaphore {
  #free: number;
  readonly #waiting: Waiter[] = [];

  constructor(permits: number) {
    this.#free = permits;
  }

  /** Resolves with a permit, which is held until disposed. Rejects with the signal's reason if it aborts first. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  /** Holds a permit while the work runs. The signal aborts the wait for the permit, not the work. */
  async run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    using _ = await this.acquire(signal);
    return await work();
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    try {
      await abortable(waiter.promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(waiter);
      // The permit was granted at the same moment: pass it on to the next waiter.
      if (at === -1) this.#release();
      else this.#waiting.splice(at, 1);
      throw error;
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.resolve();
  }
}
