/**
 * One socket's subscription to one conversation: the existing events, `caught_up`, then new events. An event is read
 * from the log once the socket has room for it. Deltas are sent only while the backlog is small; otherwise they are
 * dropped.
 */
import { DeckhandError, type Delta, type Event, type ServerFrame } from "@deckhand/protocol";
import type { ConversationApi } from "../../conversation/api.ts";
import type { Socket } from "../socket.ts";

/** With a larger backlog the client is behind, and deltas would put it further behind. */
const maxDeltaBacklogBytes = 64 * 1024;

/** Size of a batch of existing events: small enough to let other sockets run, large enough to load quickly. */
const batchChars = 128 * 1024;

/** A new event is the same object for all subscribers, so it is serialized once. */
const liveFrames = new WeakMap<Event, Buffer>();

export interface Subscription {
  /** Id of the last event of the log. */
  head(): number;
  stop(): void;
  /** Resolves when the subscription ends, with an error unless it was stopped or the socket closed. */
  readonly ended: Promise<{ readonly error?: unknown }>;
}

export interface SubscriptionOptions {
  readonly conversation: ConversationApi;
  readonly after: number;
  readonly deltas: boolean;
  /** Send past events in batches. */
  readonly batch: boolean;
  readonly socket: Socket;
}

export function startSubscription(options: SubscriptionOptions): Subscription {
  const { conversation, socket } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, socket.closed]);
  return {
    head: () => conversation.state.head,
    stop: () => stopping.abort(),
    ended: follow(options, signal).then(
      () =>
        signal.aborted ? {} : { error: new DeckhandError("unknown_conversation", "The conversation was deleted.") },
      (error: unknown) => (signal.aborted ? {} : { error }),
    ),
  };
}

async function follow(
  { conversation, after, deltas, batch, socket }: SubscriptionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { id } = conversation;
  const { head } = conversation.state;
  const post = (frame: ServerFrame): boolean => socket.post(JSON.stringify(frame));
  let stopDeltas = (): void => {};
  let events: string[] = [];
  let chars = 0;

  function addToBatch(event: Event): void {
    const text = JSON.stringify(event);
    events.push(text);
    chars += text.length;
    if (chars < batchChars && event.id < head) return;
    socket.post(`{"history":{"conversation":${JSON.stringify(id)},"events":[${events.join(",")}]}}`);
    events = [];
    chars = 0;
  }

  function caughtUp(): void {
    post({ caught_up: { conversation: id, id: head } });
    if (!deltas) return;
    for (const delta of conversation.streaming) sendDelta(delta);
    stopDeltas = conversation.onDelta(sendDelta);
  }

  function sendDelta(delta: Delta): void {
    if (socket.backlogBytes < maxDeltaBacklogBytes) post({ delta: { conversation: id, ...delta } });
  }

  try {
    if (after >= head) caughtUp();
    for await (const event of conversation.follow(after, signal)) {
      await socket.room();
      if (signal.aborted) return;
      if (event.id > head) socket.post(liveFrame(id, event));
      else if (batch) addToBatch(event);
      else socket.post(JSON.stringify({ conversation: id, ...event }));
      if (event.id === head) caughtUp();
    }
  } finally {
    stopDeltas();
  }
}

function liveFrame(conversation: string, event: Event): Buffer {
  let frame = liveFrames.get(event);
  if (frame === undefined) {
    frame = Buffer.from(JSON.stringify({ conversation, ...event }));
    liveFrames.set(event, frame);
  }
  return frame;
}
