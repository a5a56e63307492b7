/** Several generators at once: what any of them says comes as it comes, and each goes on when its word was taken. */

export type Heard<T, R> =
  | { readonly at: number; readonly said: T; readonly done: false }
  | { readonly at: number; readonly said: R; readonly done: true };

/** Ends when all have ended; `at` is the place in the list. Fails when one of them fails. */
export async function* sideBySide<T, R>(all: readonly AsyncGenerator<T, R>[]): AsyncGenerator<Heard<T, R>> {
  const heard: (() => Heard<T, R>)[] = [];
  let wake = (): void => {};
  /** Asks one for its next word. */
  const ask = (at: number): void => {
    const tell = (word: () => Heard<T, R>): void => {
      heard.push(word);
      wake();
    };
    all[at]?.next().then(
      ({ done, value }) => tell(() => ({ at, said: value, done: done === true }) as Heard<T, R>),
      (fault: unknown) =>
        tell(() => {
          throw fault;
        }),
    );
  };
  for (const at of all.keys()) ask(at);
  for (let left = all.length; left > 0;) {
    if (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const word = heard.shift()?.();
    if (word === undefined) continue;
    yield word;
    if (word.done) left -= 1;
    else ask(word.at);
  }
}
