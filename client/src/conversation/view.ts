/**
 * What a person sees of a conversation: its events, the state that they fold to, and the text that streams in. Made for
 * React's `useSyncExternalStore`: `subscribe` and `snapshot` can be passed as they are, and a snapshot stays the same
 * object until something has changed. It follows while somebody listens, and goes on where it was when somebody listens
 * again, so that making one has no effect that would have to be undone.
 */
import { apply, emptyState, endedStreams, type ConversationState, type DeckhandError } from "@deckhand/protocol";
import type { Delta, Event } from "@deckhand/protocol";
import type { Follower, Subscriptions } from "../socket/subscriptions.ts";

export interface ViewState {
  /** Id 0 first, without gaps. The same array while none has come: text that streams in changes nothing that is made of it. */
  readonly events: readonly Event[];
  readonly state: ConversationState;
  /** Text that streams in, by what it is of: "reply", "reasoning", or the id of an action whose output it is. */
  readonly streaming: ReadonlyMap<Delta["of"], string>;
  /** The past is here; what follows is live. */
  readonly caughtUp: boolean;
  /** The server refused to show this conversation. */
  readonly refused: DeckhandError | undefined;
}

export interface View {
  readonly current: () => ViewState;
  /** Returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** Characters kept of one streamed text; the beginning is let go, the whole comes with the event. */
const maxTextChars = 64 * 1024;
const missing = "\n…\n";
/** Watchers are told at most so often, so that a long past is not drawn event by event. */
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
    const seen = shown.events.length === events.length ? shown.events : events.slice();
    shown = { events: seen, state, streaming: new Map(streaming), caughtUp, refused };
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
      // Cut at twice the bound, not at each delta: or every further character would copy the whole.
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
      for (const [of, text] of streaming) if (!text.endsWith(missing)) streaming.set(of, text + missing);
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
        // Deltas are missed while nobody listens.
        streaming.clear();
      };
    },
  };
}
