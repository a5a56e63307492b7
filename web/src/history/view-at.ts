/** What was known of a conversation after an event: the same fold, over fewer events. */
import { apply, emptyState, isAction, type ConversationState, type Event } from "@deckhand/protocol";
import type { ViewState } from "@deckhand/client";

/** A fold is kept at each so many events, so that a slider that is dragged does not begin at the start each time. */
const cacheInterval = 500;

export interface StateCache {
  /** The state after event `at`; -1 is before the first. `events` begin with id 0 and have no gap. */
  readonly at: (events: readonly Event[], at: number) => ConversationState;
}

/** Of one conversation: its log only grows, so what is kept stays right. */
export function stateCache(): StateCache {
  const kept: ConversationState[] = [emptyState];
  const upTo = (events: readonly Event[], from: ConversationState, last: number): ConversationState => {
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
      const wanted = Math.floor((Math.min(at, events.length - 1) + 1) / cacheInterval);
      while (kept.length <= wanted)
        kept.push(upTo(events, kept[kept.length - 1] ?? emptyState, kept.length * cacheInterval - 1));
      return upTo(events, kept[wanted] ?? emptyState, at);
    },
  };
}

/** Nothing streams in the past. */
export function viewAt(events: readonly Event[], states: StateCache, at: number): ViewState {
  return {
    events: events.slice(0, at + 1),
    state: states.at(events, at),
    streaming: new Map(),
    caughtUp: true,
    refused: undefined,
  };
}

export type MarkerKind = "user" | "asked" | "changed" | "failed" | "ended";

export interface Marker {
  readonly id: number;
  readonly kind: MarkerKind;
}

/** Where the eye looks for something: what a person said, what was asked, changed, failed, ended. */
export function markersOf(events: readonly Event[]): readonly Marker[] {
  const moments: Marker[] = [];
  for (const event of events) {
    const kind = markerOf(event);
    if (kind !== undefined) moments.push({ id: event.id, kind });
  }
  return moments;
}

function markerOf(event: Event): MarkerKind | undefined {
  if (isAction(event)) {
    if (event.action === "message" || event.action === "start") return event.source === "user" ? "user" : undefined;
    if (event.action === "finish" || event.action === "reject") return "ended";
    return event.approval === undefined ? undefined : "asked";
  }
  switch (event.observation) {
    case "error":
      return "failed";
    case "run":
      return event.extras.exit_code === 0 || event.extras.job !== undefined ? undefined : "failed";
    case "write":
    case "edit":
    case "restore":
    case "upload":
      return "changed";
    default:
      return undefined;
  }
}

/** The next place to stop at, in a direction: events that a chat shows, and the ends of the log. */
export function stepFrom(events: readonly Event[], at: number, direction: 1 | -1): number {
  const last = events.length - 1;
  for (let id = at + direction; id > 0 && id < last; id += direction) {
    const event = events[id];
    if (event !== undefined && isShown(event)) return id;
  }
  return direction === 1 ? last : 0;
}

const bookkeeping: ReadonlySet<string> = new Set([
  "chat",
  "reply",
  "title",
  "checkpoint",
  "terminal",
  "instructions",
  "child",
  "status",
]);

function isShown(event: Event): boolean {
  return isAction(event) ? event.action !== "initialize" : !bookkeeping.has(event.observation);
}
