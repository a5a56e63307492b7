/**
 * One socket follows one conversation: the past, `caught_up`, then what comes. Each event is asked for when the one
 * before it has room on the socket. Deltas are sent while hardly anything waits, and dropped otherwise.
 */
import { DeckhandError, type Delta, type Event, type ServerFrame } from "@deckhand/protocol";
import type { ConversationApi } from "../../conversation/api.ts";
import type { Socket } from "../socket.ts";

/** Above this a reader is behind, and deltas would only put it further behind. */
const deltaRoomBytes = 64 * 1024;

/** Of a frame of the past: few enough to leave others their turn, so many that a browser does not wait for each. */
const pastFrameChars = 128 * 1024;

/** What all followers of a conversation are told at once is the same object, and is made into bytes once. */
const liveFrames = new WeakMap<Event, Buffer>();

export interface Subscription {
  /** Id of the last event of the log. */
  head(): number;
  stop(): void;
  /** Resolves when it is over; with an error where it was not stopped. */
  readonly ended: Promise<{ readonly error?: unknown }>;
}

export interface SubscriptionOptions {
  readonly conversation: ConversationApi;
  readonly after: number;
  readonly deltas: boolean;
  /** The past in frames of many events. */
  readonly many: boolean;
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
      () => (signal.aborted ? {} : { error: new DeckhandError("unknown_conversation", "The conversation is gone.") }),
      (error: unknown) => (signal.aborted ? {} : { error }),
    ),
  };
}

async function follow(
  { conversation, after, deltas, many, socket }: SubscriptionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { id } = conversation;
  const { head } = conversation.state;
  const post = (frame: ServerFrame): boolean => socket.post(JSON.stringify(frame));
  let silence = (): void => {};
  let past: string[] = [];
  let pastChars = 0;

  function gather(event: Event): void {
    const text = JSON.stringify(event);
    past.push(text);
    pastChars += text.length;
    if (pastChars < pastFrameChars && event.id < head) return;
    socket.post(`{"past":{"conversation":${JSON.stringify(id)},"events":[${past.join(",")}]}}`);
    past = [];
    pastChars = 0;
  }

  function caughtUp(): void {
    post({ caught_up: { conversation: id, id: head } });
    if (!deltas) return;
    for (const delta of conversation.streaming) sendDelta(delta);
    silence = conversation.onDelta(sendDelta);
  }

  function sendDelta(delta: Delta): void {
    if (socket.backlogBytes < deltaRoomBytes) post({ delta: { conversation: id, ...delta } });
  }

  try {
    if (after >= head) caughtUp();
    for await (const event of conversation.follow(after, signal)) {
      await socket.room();
      if (signal.aborted) return;
      if (event.id > head) socket.post(liveFrame(id, event));
      else if (many) gather(event);
      else socket.post(JSON.stringify({ conversation: id, ...event }));
      if (event.id === head) caughtUp();
    }
  } finally {
    silence();
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
