/**
 * Recovery after a crash. An action that had started and has no observation is never run again automatically, because nobody
 * knows what it did. It is closed with an unknown outcome and with what is known, and the model is told. The turn then waits
 * for a person, or resumes by itself if so configured. An action that waits for an approval keeps waiting; if its time is up
 * it is denied. Background processes have ended with their server.
 */
import {
  actionSentence,
  errorObservation,
  isAction,
  isWorking,
  stateChange,
  type Action,
  type AgentState,
  type ConversationState,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import { expiryEvents } from "../approvals/answer.ts";
import { lostJobEvents } from "../runtime/ended-jobs.ts";
import { lostTerminalEvents } from "../terminals/terminals.ts";

/** What happens to a turn that was interrupted by the end of the server: it waits for a person, or it resumes. */
export type Resume = "ask" | "always";

/** Automatic resumes before a person is asked: what the turn does may be what kills the server. */
const maxResumes = 3;

export interface CrashFindings {
  readonly nowMs: number;
  /** The end of the log: the server may have ended between the final answer of a turn and the state change after it. */
  readonly tail: readonly Event[];
  readonly resume: Resume;
  /** The last sign of life of the previous server, in milliseconds since 1970. */
  readonly aliveMs?: number | undefined;
  /** By the id of an action: a sentence about its effects, as far as they can be seen. */
  readonly sideEffects?: ReadonlyMap<number, string>;
}

/** The events to store when a server opens a log that it did not write; empty if the conversation was at rest. */
export function recoveryEvents(state: ConversationState, found: CrashFindings): readonly NewEvent[] {
  const { awaiting } = state;
  const closed = [...closingEvents(state, found), ...lostJobEvents(state), ...lostTerminalEvents(state)];
  if (awaiting !== null && Date.parse(awaiting.expires_at) <= found.nowMs)
    return [...closed, ...expiryEvents(state, "paused")];
  const wasAtWork = isWorking(state.agentState);
  if (!wasAtWork && state.agentState !== "loading") return closed;
  const end = state.queued.length > 0 ? null : endedBy(found.tail.findLast((event) => !isBookkeeping(event)));
  if (end !== null) return [...closed, stateChange(end)];
  if (wasAtWork && found.resume === "always" && state.autoResumes < maxResumes) {
    const resumed = state.autoResumes + 1;
    const reason = `The server was stopped during the work, which resumes automatically (${resumed} of ${maxResumes}).`;
    return [...closed, stateChange("running", reason, { resumed })];
  }
  const repeated =
    state.autoResumes < maxResumes ? "" : ` It was resumed automatically ${maxResumes} times and stopped each time.`;
  return [
    ...closed,
    stateChange(
      "paused",
      `The server was stopped during the work.${repeated} Say \`running\` or send a message to go on.`,
    ),
  ];
}

/** The actions that had started when the server ended; their outcome is unknown. */
export function startedActions({ open, awaiting }: ConversationState): readonly Action[] {
  return open.filter((action) => action.id !== awaiting?.id);
}

/** Events that may come between two events of one turn. */
function isBookkeeping(event: Event): boolean {
  return !isAction(event) && ["checkpoint", "child", "status", "terminal", "title"].includes(event.observation);
}

function endedBy(event: Event | undefined): AgentState | null {
  if (event === undefined || !isAction(event) || event.source !== "agent") return null;
  if (event.action === "finish") return "finished";
  if (event.action === "reject") return "rejected";
  return event.action === "message" && event.args.wait_for_response ? "awaiting_user_input" : null;
}

function closingEvents(state: ConversationState, found: CrashFindings): readonly NewEvent[] {
  return startedActions(state).map((action) =>
    errorObservation(action.source, "outcome_unknown", whatIsKnown(action, found), {
      cause: action.id,
      tool_call: action.tool_call,
    }),
  );
}

function whatIsKnown(open: Action, { tail, aliveMs = 0, sideEffects: traces }: CrashFindings): string {
  const startedMs = Date.parse(open.timestamp);
  const seconds = (Math.max(aliveMs, Date.parse(tail.at(-1)?.timestamp ?? "") || 0) - startedMs) / 1000;
  const ran = seconds >= 0.1 ? `, ran for at least ${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : "";
  const trace = traces?.get(open.id);
  return [
    "The server stopped while this was running, and its outcome is unknown.",
    `${actionSentence(open)} (started ${open.timestamp}${ran}).`,
    ...(trace === undefined ? [] : [trace]),
    "Check what it did before repeating it.",
  ].join(" ");
}
