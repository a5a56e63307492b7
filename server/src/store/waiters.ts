/** Followers that wait for the next events of a conversation. Nothing is kept for a key once its last follower has left. */
import type { Event } from "@deckhand/protocol";

type Wake = (events?: readonly Event[]) => void;

const none: readonly Event[] = [];

export class Waiters {
  readonly #waiting = new Map<string, Set<Wake>>();

  /** Resolves with the events of the next `wake` of the key, or with none when the signal aborts. Never rejects. */
  wait(key: string, signal: AbortSignal): Promise<readonly Event[]> {
    if (signal.aborted) return Promise.resolve(none);
    const { promise, resolve } = Promise.withResolvers<readonly Event[]>();
    const waiting = this.#waiting.get(key) ?? new Set<Wake>();
    this.#waiting.set(key, waiting);
    const abort = (): void => done();
    const done: Wake = (events = none) => {
      signal.removeEventListener("abort", abort);
      waiting.delete(done);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      resolve(events);
    };
    waiting.add(done);
    signal.addEventListener("abort", abort);
    return promise;
  }

  wake(key: string, events?: readonly Event[]): void {
    for (const done of this.#waiting.get(key) ?? []) done(events);
  }

  wakeAll(): void {
    for (const key of this.#waiting.keys()) this.wake(key);
  }
}
