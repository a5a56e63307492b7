/** What was known about a conversation after an event: the same fold over fewer events. */
import { apply, emptyState, type ConversationState, type Event } from "@deckhand/protocol";
import type { ViewState } from "@deckhand/client";

/** A state is cached every so many events, so that dragging the slider does not fold from the start each time. */
const cacheInterval = 500;

export interface StateCache {
  /** The state after event `at`; -1 is the state before the first. `events` start with id 0 and have no gaps. */
  readonly at: (events: readonly Event[], at: number) => ConversationState;
}

/** A cache for one conversation. Its log only grows, so cached states stay valid. */
export function stateCache(): StateCache {
  const cached: ConversationState[] = [emptyState];
  const foldUpTo = (events: readonly Event[], from: ConversationState, last: number): ConversationState => {
    let state = from;
    for (let id = from.head + 1; id <= last; id += 1) {
      const event = events[id];
      if (event === undefined) break;
      state = apply(state, event);
    }
    return state;
  };
  return {
    at(events, at) {
      const index = Math.floor((Math.min(at, events.length - 1) + 1) / cacheInterval);
      while (cached.length <= index) {
        const state = foldUpTo(events, cached.at(-1) ?? emptyState, cached.length * cacheInterval - 1);
        cached.push(state);
      }
      return foldUpTo(events, cached[index] ?? emptyState, at);
    },
  };
}

/** Earlier views have no streaming text. */
export function viewAt(events: readonly Event[], states: StateCache, at: number): ViewState {
  return {
    events: events.slice(0, at + 1),
    state: states.at(events, at),
    streaming: new Map(),
    caughtUp: true,
    refused: undefined,
  };
}
