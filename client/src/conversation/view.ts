/**
 * A conversation for display: its events, the state they fold to, and streamed text. Made for React's
 * `useSyncExternalStore`: `subscribe` and `current` can be passed to it directly, and `current` returns the same object
 * until something changes. A view follows the conversation only while it has subscribers, and later resumes where it
 * stopped, so creating one has no effect that needs cleanup.
 */
import { apply, emptyState, endedStreams, type ConversationState, type DeckhandError } from "@deckhand/protocol";
import type { Delta, Event } from "@deckhand/protocol";
import type { Follower, Subscriptions } from "../socket/subscriptions.ts";

export interface ViewState {
  /**
   * Starts with id 0, without gaps. The same array until an event arrives, so deltas do not invalidate what is derived.
   */
  readonly events: readonly Event[];
  readonly state: ConversationState;
  /** Streamed text by source: "reply", "reasoning", "runtime", or the id of the action whose output it is. */
  readonly streaming: ReadonlyMap<Delta["of"], string>;
  /** The history is complete; what follows is live. */
  readonly caughtUp: boolean;
  /** Why the server refused the subscription. */
  readonly refused: DeckhandError | undefined;
}

export interface View {
  readonly current: () => ViewState;
  /** Returns a function that unsubscribes. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** Streamed text keeps its last characters; the event that follows has all of it. */
const maxTextChars = 64 * 1024;
/** Marks text lost while disconnected. */
const gapMark = "\n…\n";
/** Minimum time between notifications, so that a long history is not rendered event by event. */
const notifyLiveMs = 16;
const notifyReplayMs = 150;

export function openView(subscriptions: Subscriptions, conversation: string): View {
  const listeners = new Set<() => void>();
  const events: Event[] = [];
  const streaming = new Map<Delta["of"], string>();
  let state = emptyState;
  let caughtUp = false;
  let refused: DeckhandError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: ViewState = { events: [], state, streaming: new Map(), caughtUp, refused };

  const notify = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const visible = shown.events.length === events.length ? shown.events : events.slice();
    shown = { events: visible, state, streaming: new Map(streaming), caughtUp, refused };
    for (const listener of listeners) listener();
  };
  const changed = (): void => {
    timer ??= setTimeout(notify, caughtUp ? notifyLiveMs : notifyReplayMs);
  };

  const follower: Follower = {
    last: -1,
    deltas: true,
    onEvent: (event) => {
      events.push(event);
      state = apply(state, event);
      for (const of of endedStreams(event)) streaming.delete(of);
      changed();
    },
    onDelta: (delta) => {
      if (delta.of === "runtime" || delta.replace === true) streaming.delete(delta.of);
      const text = (streaming.get(delta.of) ?? "") + delta.text;
      // Truncated at twice the limit rather than at each delta, which would copy the whole text every time.
      if (text === "") streaming.delete(delta.of);
      else streaming.set(delta.of, text.length > 2 * maxTextChars ? `…${text.slice(-maxTextChars)}` : text);
      changed();
    },
    onCaughtUp: () => {
      caughtUp = true;
      notify();
    },
    onDown: () => {
      streaming.delete("runtime");
      for (const [of, text] of streaming) if (!text.endsWith(gapMark)) streaming.set(of, text + gapMark);
      changed();
    },
    onEnd: (reason) => {
      refused = reason;
      notify();
    },
  };
  let stop: (() => void) | undefined;

  return {
    current: () => shown,
    subscribe: (listener) => {
      listeners.add(listener);
      stop ??= subscriptions.add(conversation, follower);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
        clearTimeout(timer);
        timer = undefined;
        // Deltas are missed while there are no subscribers.
        streaming.clear();
      };
    },
  };
}
