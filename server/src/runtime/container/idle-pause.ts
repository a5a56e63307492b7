/** A container of which nothing has been asked for some time, after something was, is paused; what is asked then waits until it is awake. */
export interface IdlePause {
  /** Something is asked; the container wakes up. */
  begin(): void;
  end(): void;
  [Symbol.dispose](): void;
}

export function idlePause(options: {
  readonly idleMs: number;
  readonly pause: () => Promise<void>;
  readonly unpause: () => Promise<void>;
}): IdlePause {
  let asked = 0;
  let timer: NodeJS.Timeout | undefined;
  let paused = false;
  let over = false;
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
  return {
    begin() {
      asked += 1;
      clearTimeout(timer);
      if (paused) afterLast(options.unpause);
      paused = false;
    },
    end() {
      asked -= 1;
      if (asked === 0 && !over) rest();
    },
    [Symbol.dispose]() {
      over = true;
      clearTimeout(timer);
    },
  };
}
