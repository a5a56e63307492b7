/**
 * A log as server-sent events (WHATWG HTML, section 9.2): each event as `id:` and `data:`, `event: caught_up` once the
 * past is over, a comment now and then so that nobody between takes an idle stream for a dead one. A reader that comes
 * back says `Last-Event-ID` and gets what it missed.
 *
 * The stream is pulled: nothing is read from the log before the reader has room.
 */
import type { Event } from "@deckhand/protocol";
import type { ConversationApi } from "../../conversation/api.ts";

export function eventStream(
  conversation: ConversationApi,
  after: number,
  tickMs: number,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const events = conversation.follow(after, ended)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let caughtUpAt = conversation.state.head;
  let next: Promise<IteratorResult<Event>> | undefined;
  let opening = after >= caughtUpAt ? caughtUp() : ": following\n\n";

  function caughtUp(): string {
    const text = `event: caught_up\ndata: ${JSON.stringify({ id: caughtUpAt })}\n\n`;
    caughtUpAt = Number.POSITIVE_INFINITY;
    return text;
  }

  return new ReadableStream({
    async pull(controller) {
      if (opening !== "") {
        controller.enqueue(encoder.encode(opening));
        opening = "";
        return;
      }
      next ??= events.next();
      const result = await orQuiet(next, tickMs);
      if (result === "quiet") {
        controller.enqueue(encoder.encode(": tick\n\n"));
        return;
      }
      next = undefined;
      if (result.done === true) {
        controller.close();
        return;
      }
      const { value } = result;
      const text = `id: ${value.id}\ndata: ${JSON.stringify(value)}\n\n`;
      controller.enqueue(encoder.encode(value.id === caughtUpAt ? text + caughtUp() : text));
    },
    async cancel() {
      stop.abort();
      await events.return?.();
    },
  });
}

/** What comes first; the timer never holds the process up. */
async function orQuiet<T>(next: Promise<T>, ms: number): Promise<T | "quiet"> {
  const { promise, resolve } = Promise.withResolvers<"quiet">();
  const timer = setTimeout(() => resolve("quiet"), ms).unref();
  try {
    return await Promise.race([next, promise]);
  } finally {
    clearTimeout(timer);
  }
}
