/** The events that the history slider marks, and those at which it stops. */
import { isAction, type Event } from "@deckhand/protocol";

export type MarkerKind = "user" | "approval" | "changed" | "failed" | "ended";

export interface Marker {
  readonly id: number;
  readonly kind: MarkerKind;
}

/** Messages of the user, requested approvals, changed files, failures and results. */
export function markersOf(events: readonly Event[]): readonly Marker[] {
  const markers: Marker[] = [];
  for (const event of events) {
    const kind = markerOf(event);
    if (kind !== undefined) markers.push({ id: event.id, kind });
  }
  return markers;
}

function markerOf(event: Event): MarkerKind | undefined {
  if (isAction(event)) {
    if (event.action === "message" || event.action === "start") return event.source === "user" ? "user" : undefined;
    if (event.action === "finish" || event.action === "reject") return "ended";
    return event.approval === undefined ? undefined : "approval";
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

/** The next event in a direction that the conversation shows, or the end of the log. */
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
