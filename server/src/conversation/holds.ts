import type { DeckhandError } from "@deckhand/protocol";

/**
 * Counts what keeps a conversation in memory: calls in progress, followers, delta listeners, work, a running sandbox. The
 * registry evicts only conversations without holds. An evicted object refuses every further hold, and so every further use:
 * by then another object may be the writer of the log.
 */
export class Holds {
  readonly #onChange: (isHeld: boolean) => void;
  #count = 0;
  #refusal: DeckhandError | undefined;

  /** `onChange` is called when the first hold is taken and when the last one is released. */
  constructor(onChange: (isHeld: boolean) => void) {
    this.#onChange = onChange;
  }

  get isHeld(): boolean {
    return this.#count > 0;
  }

  /** Fails with `busy` after an eviction (the caller opens the conversation again), with `shutting_down` after a deletion. */
  hold(): Disposable {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#count += 1;
    if (this.#count === 1) this.#onChange(true);
    let isReleased = false;
    return {
      [Symbol.dispose]: () => {
        if (isReleased) return;
        isReleased = true;
        this.#count -= 1;
        if (this.#count === 0) this.#onChange(false);
      },
    };
  }

  /** Holds the conversation until the work has settled. */
  async during<T>(work: () => T | Promise<T>): Promise<T> {
    using _ = this.hold();
    return await work();
  }

  /** From now on every hold fails with this error. */
  refuse(error: DeckhandError): void {
    this.#refusal ??= error;
  }
}

/** The hold lasts from the first `next()` until the iteration has ended. Not a generator: an idle one costs a kilobyte. */
export function holdWhileIterated<T>(iterable: AsyncIterable<T>, holds: Holds): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = iterable[Symbol.asyncIterator]();
      let hold: Disposable | undefined;
      const release = (): void => hold?.[Symbol.dispose]();
      const onResult = (result: IteratorResult<T>): IteratorResult<T> => {
        if (result.done === true) release();
        return result;
      };
      const onError = (error: unknown): never => {
        release();
        throw error;
      };
      return {
        next: () => {
          hold ??= holds.hold();
          return iterator.next().then(onResult, onError);
        },
        return: async (value: unknown) => {
          release();
          return (await iterator.return?.(value)) ?? { done: true, value };
        },
      };
    },
  };
}
