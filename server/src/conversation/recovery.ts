/**
 * After a crash. An action that had started and has no observation is never run again by itself: nobody knows what it
 * did. It is closed as unknown, with what is known, and the turn waits until a person lets it go on. An action that waits
 * for an approval goes on waiting; where its time is over it is denied, and nothing is run. Jobs are gone with their server.
 */
import {
  actionSentence,
  errorObservation,
  isAction,
  isAtWork,
  stateChange,
  type Action,
  type AgentState,
  type ConversationState,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import { expired } from "./approving.ts";
import { lostJobs } from "./job-ends.ts";

/**
 * What has to be stored when a log is opened by a server that did not write it; empty for one that rested. `last` is the
 * last event of the log: the server may have been stopped between the word that ended the turn and the state that says so.
 */
export function recoveryEvents(state: ConversationState, nowMs: number, last?: Event): readonly NewEvent[] {
  const { awaiting } = state;
  const closed = [...closings(state), ...lostJobs(state)];
  if (awaiting !== null && Date.parse(awaiting.expires_at) <= nowMs) return [...closed, ...expired(state, "paused")];
  const wasAtWork = isAtWork(state.agentState) || state.agentState === "loading";
  if (!wasAtWork) return closed;
  const end = last === undefined || state.queued.length > 0 ? null : endedBy(last);
  if (end !== null) return [...closed, stateChange(end)];
  return [
    ...closed,
    stateChange(
      "paused",
      "The server was stopped in the middle of the work. Say `running` or send a message to go on.",
    ),
  ];
}

function endedBy(event: Event): AgentState | null {
  if (!isAction(event) || event.source !== "agent") return null;
  if (event.action === "finish") return "finished";
  if (event.action === "reject") return "rejected";
  return event.action === "message" && event.args.wait_for_response ? "awaiting_user_input" : null;
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
