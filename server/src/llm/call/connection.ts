/**
 * The HTTP side of a model call: keep-alive connections, and a watchdog that aborts a call without progress.
 *
 * By default, Node's fetch gives up after 300 s without a byte. A model on a slow machine may need longer, so the
 * dispatcher's limits are off and the watchdog alone decides.
 */

/** Aborts a call after `timeoutMs` without a byte, or ten times as long with nothing but keep-alive comments. */
export interface Watch {
  readonly signal: AbortSignal;
  /** True once the watchdog has aborted the call. */
  readonly timedOut: boolean;
  byte(): void;
  part(): void;
  stop(): void;
}

/** Comments alone are accepted for this many timeouts: gateways send them while a model is thinking. */
const commentsFactor = 10;

const watches = new WeakMap<AbortSignal, Watch>();

export function watch(timeoutMs: number, end: AbortController): Watch {
  let lastByte = performance.now();
  let lastPart = lastByte;
  let timedOut = false;
  let isOverdue = false;
  // A single timer that checks the clock, rather than one per chunk.
  let timer = setTimeout(check, timeoutMs);
  function check(): void {
    const now = performance.now();
    const remainingMs = Math.min(lastByte + timeoutMs, lastPart + commentsFactor * timeoutMs) - now;
    if (remainingMs > 0) {
      isOverdue = false;
      timer = setTimeout(check, Math.ceil(remainingMs));
      return;
    }
    // If the whole process was suspended, data that arrived meanwhile is queued behind this timer, so check once more.
    if (!isOverdue) {
      isOverdue = true;
      timer = setTimeout(check, Math.min(50, timeoutMs / 4));
      return;
    }
    timedOut = true;
    end.abort(new DOMException("No data was received in time.", "TimeoutError"));
  }
  const created: Watch = {
    signal: end.signal,
    get timedOut() {
      return timedOut;
    },
    byte() {
      lastByte = performance.now();
    },
    part() {
      lastPart = lastByte = performance.now();
    },
    stop: () => clearTimeout(timer),
  };
  watches.set(end.signal, created);
  return created;
}

/** A `fetch` that reports every chunk to the watchdog of its signal, which alone limits the time. */
export function watchedFetch(fetch: typeof globalThis.fetch, dispatcher: Dispatcher): typeof globalThis.fetch {
  return async (input, init) => {
    const watching = init?.signal ? watches.get(init.signal) : undefined;
    const response = await fetch(input, { ...init, dispatcher });
    watching?.byte();
    if (watching === undefined || response.body === null) return response;
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        watching.byte();
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

type Dispatcher = NonNullable<RequestInit["dispatcher"]>;
let dispatcher: Promise<Dispatcher> | undefined;

/**
 * An agent without the default time limits. Its major version must be that of the undici inside Node's `fetch`
 * (`process.versions.undici`), because dispatchers of other versions are incompatible. Loaded on demand: the import
 * takes some 100 ms of CPU time.
 */
export function loadDispatcher(): Promise<Dispatcher> {
  dispatcher ??= import("undici").then(({ Agent }) => {
    // The pause between two requests is often a command of a few seconds; reconnecting over TLS costs more than
    // waiting.
    const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 });
    // @types/node declares the dispatcher of another minor version.
    return agent as unknown as Dispatcher;
  });
  return dispatcher;
}
