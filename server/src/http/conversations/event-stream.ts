/**
 * A log as server-sent events (WHATWG HTML, section 9.2): each event as `id:` and `data:`, then `event: caught_up`
 * after the last event that existed at the start, and a comment now and then so that proxies do not cut an idle stream.
 * A client that reconnects sends `Last-Event-ID` and receives what it missed.
 *
 * The stream is pulled: nothing is read from the log before the client has room for it.
 */
import type { Event } from "@deckhand/protocol";
import type { ConversationApi } from "../../conversation/api.ts";

export function eventStream(
  conversation: ConversationApi,
  after: number,
  tickMs: number,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  const ended = AbortSignal.any([signal, cancelled.signal]);
  const events = conversation.follow(after, ended)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const { head } = conversation.state;
  const caughtUp = `event: caught_up\ndata: ${JSON.stringify({ id: head })}\n\n`;
  let hasStarted = false;

  async function nextEvent(controller: ReadableStreamDefaultController<Uint8Array>): Promise<IteratorResult<Event>> {
    // `desiredSize` is 0 once the stream is closed, and while the client has not read the previous tick.
    const tick = setInterval(() => {
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(": tick\n\n"));
    }, tickMs).unref();
    try {
      return await events.next();
    } finally {
      clearInterval(tick);
    }
  }

  return new ReadableStream({
    async pull(controller) {
      if (!hasStarted) {
        hasStarted = true;
        controller.enqueue(encoder.encode(after >= head ? caughtUp : ": following\n\n"));
        return;
      }
      const { done, value: event } = await nextEvent(controller);
      if (done === true) {
        // After a cancellation the stream is closed already.
        if (!cancelled.signal.aborted) controller.close();
        return;
      }
      const text = `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;
      controller.enqueue(encoder.encode(event.id === head ? text + caughtUp : text));
    },
    async cancel() {
      cancelled.abort();
      await events.return?.();
    },
  });
}
