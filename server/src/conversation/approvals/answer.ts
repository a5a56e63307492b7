/** What answering, outliving and ending the wait for an approval means, as events. Pure, as `plan.ts` is. */
import {
  action,
  DeckhandError,
  errorObservation,
  stateChange,
  escapeInvisible,
  type AgentState,
  type ApprovalRule,
  type ConversationState,
  type NewAction,
  type NewEvent,
  type NewObservation,
} from "@deckhand/protocol";
import { denialObservation } from "../../agent/execution/approve.ts";

type Answer = NewAction<"approve">;

interface Answered {
  readonly events: readonly NewEvent[];
  /** What holds from now on in every conversation. */
  readonly savesRules?: readonly ApprovalRule[];
}

/** Answers an approval by its id. Fails with `already_done` (naming who answered) or `conflict` if it is not pending. */
export function answerEvents(event: Answer, state: ConversationState): Answered {
  const { id, decision, reason, name } = event.args;
  const who = name === undefined ? {} : { name };
  const { awaiting } = state;
  if (awaiting?.id !== id) throw notPending(id, state);
  if (decision === "deny") {
    const words = reason === "" ? "The user denied this action." : `The user denied this action: ${reason}`;
    return { events: denied({ ...event, args: { id, decision, reason, ...who } }, words, "running", state) };
  }
  if (decision !== "allow" && awaiting.rules.length === 0) {
    throw new DeckhandError("bad_args", "There are no rules for this action; it can only be allowed once.");
  }
  const args = { id, decision, reason, ...who, ...(decision === "allow" ? {} : { rules: awaiting.rules }) };
  return {
    events: [action(event.source, "approve", args, { command: event.command }), stateChange("user_confirmed")],
    ...(decision === "allow_for_server" ? { savesRules: awaiting.rules } : {}),
  };
}

/** The classic clients' answer to whatever waits; after a no the agent rests, unless somebody has said something. */
export function confirmationEvents(
  wanted: "user_confirmed" | "user_rejected",
  command: string | undefined,
  state: ConversationState,
): readonly NewEvent[] {
  const { awaiting } = state;
  if (awaiting === null) throw new DeckhandError("conflict", "No action is waiting for approval.");
  const decision = wanted === "user_confirmed" ? "allow" : "deny";
  const event = action("user", "approve", { id: awaiting.id, decision, reason: "" }, { command });
  if (decision === "allow") return answerEvents(event, state).events;
  const rest: AgentState = state.queued.length > 0 ? "running" : "awaiting_user_input";
  return denied(event, "Action has been rejected by the user! Waiting for further user input.", rest, state);
}

/** Nobody has answered in time. `then`: whether the agent goes on with that, or waits for a person. */
export function expiryEvents(state: ConversationState, then: "running" | "paused"): readonly NewEvent[] {
  const { awaiting } = state;
  if (awaiting === null) return [];
  const words = `The action was denied, because nobody answered before ${awaiting.expires_at}.`;
  const event = action("environment", "approve", { id: awaiting.id, decision: "deny", reason: words });
  return denied(event, words, then, state);
}

/** The one observation of an action that waits, where the work is ended. */
export function withdrawalEvents({ awaiting, open }: ConversationState): readonly NewEvent[] {
  return open
    .filter((each) => each.id === awaiting?.id)
    .map(({ id, tool_call }) => errorObservation("agent", "interrupted", undefined, { cause: id, tool_call }));
}

function denied(event: Answer, words: string, then: AgentState, state: ConversationState): readonly NewEvent[] {
  const waiting = state.open.find((each) => each.id === event.args.id);
  if (waiting === undefined) throw new Error("what waits is open");
  const answer: NewObservation = denialObservation(words, waiting);
  return [event, stateChange("user_rejected"), answer, stateChange(then)];
}

function notPending(id: number, { awaiting, lastAnswer }: ConversationState): DeckhandError {
  if (lastAnswer?.id === id) {
    const name = escapeInvisible(lastAnswer.name).trim() || "a client";
    const who = lastAnswer.by === "environment" ? "because nobody answered in time" : `by ${name}`;
    const verb = lastAnswer.decision === "deny" ? "denied" : "allowed";
    return new DeckhandError("already_done", `Action ${id} was already ${verb} ${who}.`);
  }
  const pending = awaiting === null ? "" : ` Action ${awaiting.id} is.`;
  return new DeckhandError("conflict", `Action ${id} is not waiting for approval.${pending}`);
}
