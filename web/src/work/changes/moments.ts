/** Between which events the workspace is compared. */
import { isAction, type Event } from "@deckhand/protocol";

export interface Moment {
  readonly id: number;
  /** What had just happened, in a few words. */
  readonly label: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

const maxMoments = 200;

/**
 * Where a comparison can begin or end: each message of a person, and each snapshot with what led to it, the last first. Only those from
 * the first snapshot on: before it nobody knows what the workspace was.
 */
export function moments(events: readonly Event[]): readonly Moment[] {
  const found: Moment[] = [];
  let last: Event | undefined;
  for (const event of events) {
    if (!isAction(event) && event.observation === "checkpoint") {
      const { after } = event.extras;
      if (found.at(-1)?.id !== after) found.push({ id: after, label: last?.message ?? "", timestamp: event.timestamp });
    } else if (isAction(event)) last = event;
  }
  return found.slice(-maxMoments).toReversed();
}

/** Id of the last event after which the workspace may be another: a child works in it, too. */
export function lastChange(events: readonly Event[]): number {
  return events.findLast((event) => !isAction(event) && changing.has(event.observation))?.id ?? -1;
}

const changing: ReadonlySet<string> = new Set([
  "write",
  "edit",
  "run",
  "job",
  "upload",
  "restore",
  "snapshot",
  "terminal",
  "run_ipython",
  "call_tool",
  "delegate",
  "child",
]);
