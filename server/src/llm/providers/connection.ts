/**
 * The HTTP side of a model call: kept-alive connections, and a watch that ends a call on which nothing comes.
 *
 * Node's fetch gives up after 300 s without a byte of its own accord; a model on a slow machine may be allowed longer, so the
 * limits of the dispatcher are off and the watch alone decides.
 */

/** Ends a call when no byte came for `timeoutMs`, or nothing but keep-alive comments for ten times as long. */
export interface Watch {
  readonly signal: AbortSignal;
  /** True once the watch has ended the call. */
  readonly timedOut: boolean;
  byte(): void;
  part(): void;
  stop(): void;
}

/** Comments alone may go on for so many time-outs: gateways send them while a model thinks. */
const silentFactor = 10;

const watches = new WeakMap<AbortSignal, Watch>();

export function watch(timeoutMs: number, end: AbortController): Watch {
  let lastByte = performance.now();
  let lastPart = lastByte;
  let timedOut = false;
  let late = false;
  // One timer that looks at the clock, not one for each chunk.
  let timer = setTimeout(look, timeoutMs);
  function look(): void {
    const now = performance.now();
    const left = Math.min(lastByte + timeoutMs, lastPart + silentFactor * timeoutMs) - now;
    if (left > 0) {
      late = false;
      timer = setTimeout(look, Math.ceil(left));
      return;
    }
    // When the whole process stood still, what came meanwhile waits behind this timer: look once more.
    if (!late) {
      late = true;
      timer = setTimeout(look, Math.min(50, timeoutMs / 4));
      return;
    }
    timedOut = true;
    end.abort(new DOMException("Nothing came for too long.", "TimeoutError"));
  }
  const made: Watch = {
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
  watches.set(end.signal, made);
  return made;
}

/** A `fetch` that reports every chunk to the watch of its signal and leaves time limits to the watch. */
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
 * (`process.versions.undici`), because dispatchers of other versions are incompatible. Loaded on demand: the import takes
 * some 100 ms of CPU time.
 */
export function loadDispatcher(): Promise<Dispatcher> {
  dispatcher ??= import("undici").then(({ Agent }) => {
    // The pause between two requests is often a command of a few seconds; reconnecting over TLS costs more than waiting.
    const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 });
    // @types/node declares the dispatcher of another minor version.
    return agent as unknown as Dispatcher;
  });
  return dispatcher;
}
