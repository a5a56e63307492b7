/** What the start of containers is at, for all who wait for it. */
export interface Stages {
  /** Empty when nothing is under way. */
  readonly now: string;
  tell(sentence: string): void;
  /** Hears what comes, and the present one at once, until disposed of. */
  listen(listener: ((sentence: string) => void) | undefined): Disposable;
}

export function stages(): Stages {
  const listeners = new Set<(sentence: string) => void>();
  let now = "";
  return {
    get now() {
      return now;
    },
    tell(sentence) {
      now = sentence;
      for (const listener of listeners) listener(sentence);
    },
    listen(listener) {
      if (listener === undefined) return { [Symbol.dispose]: () => {} };
      listeners.add(listener);
      if (now !== "") listener(now);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
  };
}
