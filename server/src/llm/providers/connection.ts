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

/** A `fetch` that tells the watch of its signal about every chunk that comes. */
export function watchedFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const watching = init?.signal ? watches.get(init.signal) : undefined;
    const dispatcher = patientDispatcher();
    const response = await fetch(input, dispatcher === undefined ? init : ({ ...init, dispatcher } as RequestInit));
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

let dispatcher: object | undefined;

/** Node's own dispatcher class, with its time limits off; undefined where this Node has none to be found. */
function patientDispatcher(): object | undefined {
  if (dispatcher !== undefined) return dispatcher;
  // The place where undici keeps the process's dispatcher: https://github.com/nodejs/undici, lib/global.js
  const current = (globalThis as Record<symbol, unknown>)[Symbol.for("undici.globalDispatcher.1")];
  if (typeof current !== "object" || current === null) return undefined;
  const Dispatcher = current.constructor as new (options: object) => object;
  // A step between two requests is often a command of some seconds; a new TLS connection costs more than a kept one.
  dispatcher = new Dispatcher({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 });
  return dispatcher;
}
