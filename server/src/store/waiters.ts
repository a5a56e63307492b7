/** Who waits for the next event of a conversation. What is here after the last follower left is nothing. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves at the next `wake` of the key, or when the signal aborts. Never rejects. */
  wait(key: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    const done = (): void => {
      signal.removeEventListener("abort", done);
      waiting.delete(done);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      resolve();
    };
    waiting.add(done);
    signal.addEventListener("abort", done);
    return promise;
  }

  wake(key: string): void {
    for (const done of this.#waiting.get(key) ?? []) done();
  }

  wakeAll(): void {
    for (const key of this.#waiting.keys()) this.wake(key);
  }
}
