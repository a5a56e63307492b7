/**
 * After a crash. An action that had started and has no observation is never run again by itself: nobody knows what it
 * did. It is closed as unknown, with what is known, and the turn waits until a person lets it go on, or goes on by
 * itself where that is configured, with the model told. An action that waits for an approval goes on waiting; where its
 * time is over it is denied, and nothing is run. Jobs are gone with their server.
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

/** What becomes of a turn in which the server was stopped: a person is asked, or it goes on. */
export type Resume = "ask" | "always";

/** Times that a turn goes on by itself before a person is asked: what it does may be what kills the server. */
const mostResumes = 3;

export interface CrashFindings {
  readonly nowMs: number;
  /** The end of the log: the server may have been stopped between the word that ended the turn and the state that says so. */
  readonly tail: readonly Event[];
  readonly resume: Resume;
  /** Until then the server that was stopped is known to have lived; in milliseconds since 1970. */
  readonly aliveMs?: number | undefined;
  /** By the id of an action: a sentence on what the workspace shows of it. */
  readonly sideEffects?: ReadonlyMap<number, string>;
}

/** What has to be stored when a log is opened by a server that did not write it; empty for one that rested. */
export function recoveryEvents(state: ConversationState, found: CrashFindings): readonly NewEvent[] {
  const { awaiting } = state;
  const closed = [...closings(state, found), ...lostJobEvents(state), ...lostTerminalEvents(state)];
  if (awaiting !== null && Date.parse(awaiting.expires_at) <= found.nowMs)
    return [...closed, ...expiryEvents(state, "paused")];
  const wasAtWork = isWorking(state.agentState);
  if (!wasAtWork && state.agentState !== "loading") return closed;
  const end = state.queued.length > 0 ? null : endedBy(found.tail.findLast((event) => !isBookkeeping(event)));
  if (end !== null) return [...closed, stateChange(end)];
  if (wasAtWork && found.resume === "always" && state.autoResumes < mostResumes) {
    const resumed = state.autoResumes + 1;
    const reason = `The server was stopped in the middle of the work, which goes on by itself (${resumed} of ${mostResumes} times).`;
    return [...closed, stateChange("running", reason, { resumed })];
  }
  const again =
    state.autoResumes < mostResumes ? "" : ` It went on by itself ${mostResumes} times and was stopped each time.`;
  return [
    ...closed,
    stateChange(
      "paused",
      `The server was stopped in the middle of the work.${again} Say \`running\` or send a message to go on.`,
    ),
  ];
}

/** The actions that had started when the server was stopped: what they did is not known. */
export function startedActions({ open, awaiting }: ConversationState): readonly Action[] {
  return open.filter((action) => action.id !== awaiting?.id);
}

/** It may come between two events of one turn. */
function isBookkeeping(event: Event): boolean {
  return !isAction(event) && ["checkpoint", "child", "status", "terminal", "title"].includes(event.observation);
}

function endedBy(event: Event | undefined): AgentState | null {
  if (event === undefined || !isAction(event) || event.source !== "agent") return null;
  if (event.action === "finish") return "finished";
  if (event.action === "reject") return "rejected";
  return event.action === "message" && event.args.wait_for_response ? "awaiting_user_input" : null;
}

function closings(state: ConversationState, found: CrashFindings): readonly NewEvent[] {
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
    "The server stopped while this ran, and its outcome is unknown.",
    `${actionSentence(open)} (started ${open.timestamp}${ran}).`,
    ...(trace === undefined ? [] : [trace]),
    "Look at what it did before repeating it.",
  ].join(" ");
}
