/**
 * Settles as the promise does, or rejects with the signal's reason as soon as the signal aborts. The work behind the promise
 * is not stopped; its late result or failure is ignored.
 *
 * Not `Promise.race`: its reactions stay attached to a long-lived promise forever. Here the long-lived side is the signal,
 * and its listener is removed once the promise has settled.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      promise.catch(() => {});
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Settles as the promise does, or as `onTimeout` does once the time is up: it returns a fallback or throws. The timer is
 * cleared when the promise settles and never keeps the process alive.
 */
export function withTimeout<T, F>(promise: Promise<T>, timeoutMs: number, onTimeout: () => F): Promise<T | F> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(onTimeout());
      } catch (error) {
        reject(error);
      }
    }, timeoutMs).unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
