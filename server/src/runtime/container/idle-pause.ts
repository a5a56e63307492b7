/** Pauses a container that has been idle for a while. Whatever needs it holds it awake. */
export interface IdlePause extends Disposable {
  /** Wakes the container and keeps it awake until disposed of. */
  hold(): Disposable;
}

export function idlePause(options: {
  readonly idleMs: number;
  readonly pause: () => Promise<void>;
  readonly unpause: () => Promise<void>;
}): IdlePause {
  let holds = 0;
  let timer: NodeJS.Timeout | undefined;
  let isPaused = false;
  let isDisposed = false;
  /** One call at a time, because the engine could reorder concurrent ones. */
  let last: Promise<void> = Promise.resolve();
  const inOrder = (call: () => Promise<void>) => {
    last = last.then(() => call()).catch(() => {});
  };
  const release = () => {
    holds -= 1;
    if (holds > 0 || isDisposed) return;
    timer = setTimeout(() => {
      isPaused = true;
      inOrder(options.pause);
    }, options.idleMs).unref();
  };
  return {
    hold() {
      holds += 1;
      clearTimeout(timer);
      if (isPaused) inOrder(options.unpause);
      isPaused = false;
      return { [Symbol.dispose]: release };
    },
    [Symbol.dispose]() {
      isDisposed = true;
      clearTimeout(timer);
    },
  };
}
