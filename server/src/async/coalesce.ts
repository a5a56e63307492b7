import { abortable } from "./abortable.ts";

interface Run<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  callers: number;
}

/**
 * Shares one run of the work among all callers that arrive before it begins; later callers share the next run. `schedule`
 * decides when a run begins (behind a mutex, for instance). A caller's signal ends that caller's wait with its reason; the
 * work itself is aborted once no caller is waiting for it.
 */
export function coalesce<T>(
  work: (signal: AbortSignal) => Promise<T>,
  schedule: (run: () => Promise<T>) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  /** The run that has not begun yet. */
  let next: Run<T> | undefined;

  function scheduleRun(): Run<T> {
    const stop = new AbortController();
    const result = schedule(() => {
      if (next === run) next = undefined;
      return work(stop.signal);
    });
    // Every caller may have left before it fails.
    result.catch(() => {});
    const run = { result, stop, callers: 0 };
    return run;
  }

  return async (signal) => {
    const run = (next ??= scheduleRun());
    run.callers += 1;
    try {
      return await abortable(run.result, signal);
    } finally {
      run.callers -= 1;
      if (run.callers === 0) {
        run.stop.abort();
        // An aborted run must not be joined by later callers.
        if (next === run) next = undefined;
      }
    }
  };
}
