import { untilAborted } from "./until-aborted.ts";

/** One at a time, in the order of the calls. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all before are over; with nothing when the signal aborts first. Its own turn lasts until it is disposed of. */
  async lock(signal: AbortSignal): Promise<Disposable | undefined> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    // Its turn ends when it is over and all before it are.
    const end = () => void before.then(resolve);
    const aborted = await untilAborted(before, signal).then(
      () => signal.aborted,
      () => true,
    );
    if (!aborted) return { [Symbol.dispose]: end };
    end();
    return undefined;
  }
}
