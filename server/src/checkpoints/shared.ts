/** Work that has not begun yet serves everybody who asks for it until then. */
import { DeckhandError } from "@deckhand/protocol";

export type Shared<T> = (signal: AbortSignal) => Promise<T>;

/** `begin` calls its argument when its turn has come. What runs is stopped when nobody waits for it any more. Fails with `interrupted`. */
export function shared<T>(
  begin: (work: () => Promise<T>) => Promise<T>,
  work: (signal: AbortSignal) => Promise<T>,
): Shared<T> {
  let next: { readonly done: Promise<T>; readonly stop: AbortController; waiting: number } | undefined;
  return (signal) => {
    if (next === undefined) {
      const stop = new AbortController();
      const done = begin(() => {
        next = undefined;
        return work(stop.signal);
      });
      done.catch(() => {});
      next = { done, stop, waiting: 0 };
    }
    const joined = next;
    joined.waiting += 1;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        joined.waiting -= 1;
        if (joined.waiting === 0) joined.stop.abort();
        reject(new DeckhandError("interrupted"));
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      void joined.done.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    });
  };
}
