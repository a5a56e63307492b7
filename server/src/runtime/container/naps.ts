/** A container in which nothing has been asked for some time is paused; what is asked of a paused one waits until it is awake again. */
export interface Naps {
  /** Something is asked; the container wakes up. */
  begin(): void;
  end(): void;
  [Symbol.dispose](): void;
}

export function naps(options: {
  readonly idleMs: number;
  readonly pause: () => Promise<void>;
  readonly unpause: () => Promise<void>;
}): Naps {
  let asked = 0;
  let timer: NodeJS.Timeout | undefined;
  let paused = false;
  /** One after the other, or the engine could do them in the other order. */
  let last: Promise<void> = Promise.resolve();
  const afterLast = (work: () => Promise<void>) => {
    last = last.then(() => work()).catch(() => {});
  };
  const rest = () => {
    timer = setTimeout(() => {
      paused = true;
      afterLast(options.pause);
    }, options.idleMs).unref();
  };
  rest();
  return {
    begin() {
      asked += 1;
      clearTimeout(timer);
      if (paused) afterLast(options.unpause);
      paused = false;
    },
    end() {
      asked -= 1;
      if (asked === 0) rest();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
