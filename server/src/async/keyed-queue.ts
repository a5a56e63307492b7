import { Mutex } from "./mutex.ts";

/** Jobs with the same key run one at a time in call order; different keys run in parallel. Idle keys are forgotten. */
export class KeyedQueue {
  readonly #mutexes = new Map<string, Mutex>();

  /** Keys that are in use. */
  get size(): number {
    return this.#mutexes.size;
  }

  /** Settles as the job does. The signal aborts the wait for the job's turn, not the job. */
  async run<T>(key: string, job: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    let mutex = this.#mutexes.get(key);
    if (mutex === undefined) this.#mutexes.set(key, (mutex = new Mutex()));
    try {
      return await mutex.run(job, signal);
    } finally {
      if (mutex.isIdle && this.#mutexes.get(key) === mutex) this.#mutexes.delete(key);
    }
  }

  /** Resolves once no job runs or waits, including jobs that arrive while waiting. */
  async idle(): Promise<void> {
    while (this.#mutexes.size > 0) await Promise.all([...this.#mutexes.values()].map((mutex) => mutex.idle()));
  }
}
