/** The points between which the workspace can be compared. */
import { isAction, type Event, type ObservationKind } from "@deckhand/protocol";

export interface Moment {
  readonly id: number;
  /** The action before the checkpoint. */
  readonly label: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

const maxMoments = 200;

/** The points where a comparison can start or end: each checkpoint with the action that led to it, newest first. */
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

/** Id of the last event that may have changed the workspace, in which subagents work as well. */
export function lastChange(events: readonly Event[]): number {
  return events.findLast((event) => !isAction(event) && changing.has(event.observation))?.id ?? -1;
}

const changing: ReadonlySet<ObservationKind> = new Set<ObservationKind>([
  "write",
  "edit",
  "run",
  "job",
  "upload",
  "restore",
  "checkpoint",
  "terminal",
  "run_ipython",
  "call_tool",
  "delegate",
  "child",
]);
