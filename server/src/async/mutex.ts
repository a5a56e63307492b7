import { abortable } from "./abortable.ts";
import { Semaphore } from "./semaphore.ts";

/** Runs one job at a time, in call order. A failed job rejects only for its own caller. Not re-entrant. */
export class Mutex {
  readonly #semaphore = new Semaphore(1);
  /** Jobs that hold the lock or wait for it. */
  #pending = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  /** True while no job holds the lock or waits for it. */
  get isIdle(): boolean {
    return this.#pending === 0;
  }

  /** Resolves with the lock, which is held until disposed. Rejects with the signal's reason if it aborts first. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    this.#pending += 1;
    try {
      const permit = await this.#semaphore.acquire(signal);
      let held = true;
      return {
        [Symbol.dispose]: () => {
          permit[Symbol.dispose]();
          if (held) this.#done();
          held = false;
        },
      };
    } catch (error) {
      this.#done();
      throw error;
    }
  }

  /** Holds the lock while the work runs. The signal aborts the wait for the lock, not the work. */
  async run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    using _ = await this.acquire(signal);
    return await work();
  }

  /** Resolves once the mutex is idle, including jobs that arrive while waiting. Rejects with the signal's reason. */
  async idle(signal?: AbortSignal): Promise<void> {
    while (this.#pending > 0) {
      this.#idle ??= Promise.withResolvers();
      await abortable(this.#idle.promise, signal);
    }
  }

  #done(): void {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
