/** The events for answering, timing out and withdrawing an approval. Pure, as `decide.ts` is. */
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
  /** Rules that apply to every conversation from now on. */
  readonly savesRules?: readonly ApprovalRule[];
}

/** Answers an approval by its id. Fails with `already_done` (naming who answered) or `conflict` if it is not pending. */
export function answerEvents(event: Answer, state: ConversationState): Answered {
  const { id, decision, reason, name } = event.args;
  const who = name === undefined ? {} : { name };
  const { awaiting } = state;
  if (awaiting?.id !== id) throw notPending(id, state);
  if (decision === "deny") {
    const sentence = reason === "" ? "The user denied this action." : `The user denied this action: ${reason}`;
    return { events: denied({ ...event, args: { id, decision, reason, ...who } }, sentence, "running", state) };
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

/** The classic clients' answer to whatever waits. After a denial the agent waits for the user, unless a message is queued. */
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

/** An approval that timed out. `then`: whether the agent continues, or waits for a person. */
export function expiryEvents(state: ConversationState, then: "running" | "paused"): readonly NewEvent[] {
  const { awaiting } = state;
  if (awaiting === null) return [];
  const sentence = `The action was denied, because nobody answered before ${awaiting.expires_at}.`;
  const event = action("environment", "approve", { id: awaiting.id, decision: "deny", reason: sentence });
  return denied(event, sentence, then, state);
}

/** Closes an action that waits for an approval when the work ends. */
export function withdrawalEvents({ awaiting, open }: ConversationState): readonly NewEvent[] {
  return open
    .filter((each) => each.id === awaiting?.id)
    .map(({ id, tool_call }) => errorObservation("agent", "interrupted", undefined, { cause: id, tool_call }));
}

function denied(event: Answer, sentence: string, then: AgentState, state: ConversationState): readonly NewEvent[] {
  const waiting = state.open.find((each) => each.id === event.args.id);
  if (waiting === undefined) throw new Error("an action that waits for an approval is open");
  const answer: NewObservation = denialObservation(sentence, waiting);
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
