/**
 * After a crash. An action that had started and has no observation is never run again by itself: nobody knows what it
 * did. It is closed as unknown, with what is known, and the turn waits until a person lets it go on. An action that waits
 * for an approval goes on waiting; where its time is over it is denied, and nothing is run.
 */
import {
  actionSentence,
  errorObservation,
  isAtWork,
  stateChange,
  type Action,
  type ConversationState,
  type NewEvent,
} from "@deckhand/protocol";
import { expired } from "./approving.ts";

/** What has to be stored when a log is opened by a server that did not write it; empty for one that rested. */
export function recoveryEvents(state: ConversationState, nowMs: number): readonly NewEvent[] {
  const { awaiting } = state;
  if (awaiting !== null && Date.parse(awaiting.expires_at) <= nowMs) {
    return [...closings(state), ...expired(state, "paused")];
  }
  const closed = closings(state);
  const wasAtWork = isAtWork(state.agentState) || state.agentState === "loading";
  if (!wasAtWork) return closed;
  return [
    ...closed,
    stateChange(
      "paused",
      "The server was stopped in the middle of the work. Say `running` or send a message to go on.",
    ),
  ];
}

function closings({ open, awaiting }: ConversationState): readonly NewEvent[] {
  const started = open.filter((action) => action.id !== awaiting?.id);
  return started.map((action) =>
    errorObservation(action.source, "outcome_unknown", whatIsKnown(action), {
      cause: action.id,
      tool_call: action.tool_call,
    }),
  );
}

function whatIsKnown(open: Action): string {
  return `The server stopped while this ran, and its outcome is unknown. ${actionSentence(open)} (started ${open.timestamp}). Look at what it did before repeating it.`;
}
