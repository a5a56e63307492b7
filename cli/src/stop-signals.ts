import { exitCodes } from "./exit-codes.ts";

/** A signal that aborts with "timeout" or, on Ctrl-C or SIGTERM, with "signal". A second Ctrl-C exits at once. */
export function stopSignals(timeoutSeconds?: number): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.reason === "signal") process.exit(exitCodes.interrupted);
    stop.abort("signal");
  };
  const timer =
    timeoutSeconds === undefined ? undefined : setTimeout(() => stop.abort("timeout"), timeoutSeconds * 1000);
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
    },
  };
}
