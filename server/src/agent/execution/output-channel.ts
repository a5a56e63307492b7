import type { TurnOutput, TurnPart, View } from "../turn-types.ts";

/**
 * Lets calls that run at the same time share the loop, which is a single generator. A call sends an output and waits
 * until the loop has yielded it and was resumed, so a tool cannot run ahead of the log.
 */
export class OutputChannel {
  readonly #queue: { readonly output: TurnOutput; readonly resume: (view: View) => void }[] = [];
  #wake = (): void => {};

  /** Resolves with the view after the output. */
  send(output: TurnOutput): Promise<View> {
    const { promise, resolve } = Promise.withResolvers<View>();
    this.#queue.push({ output, resume: resolve });
    this.#wake();
    return promise;
  }

  /** Yields what is sent until the work has settled. */
  async *drain<R>(work: Promise<R>): TurnPart<R> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      this.#wake();
    };
    work.then(settle, settle);
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) next.resume(yield next.output);
      else if (isSettled) return work;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
