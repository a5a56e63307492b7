import { DeckhandError, isAction, type Action, type AgentState } from "@deckhand/protocol";
import type { LinkedConversation } from "./linked-conversation.ts";

export interface IdleResult {
  readonly state: AgentState;
  /** A sentence; empty if the state says it all. */
  readonly reason: string;
  /** The agent's final answer. */
  readonly finalAction: Action<"finish" | "reject" | "message"> | null;
}

/** States that end the work for the parent. A subagent that a person has paused is waited for: they will resume or stop it. */
const endStates: ReadonlySet<AgentState> = new Set(["finished", "rejected", "awaiting_user_input", "stopped", "error"]);

/**
 * Waits, from event `after` on, until the subagent is idle. A pause at a limit or in a loop ends the work, too; it follows an
 * error. Fails with `unknown_conversation` if the subagent is deleted meanwhile.
 */
export async function awaitIdle(child: LinkedConversation, after: number, signal: AbortSignal): Promise<IdleResult> {
  let finalAction: IdleResult["finalAction"] = null;
  let hasFailed = false;
  for await (const event of child.follow(after, signal)) {
    if (isAction(event)) {
      if (event.source === "agent" && isAnswer(event)) finalAction = event;
    } else if (event.observation === "error") {
      hasFailed = event.cause === undefined && event.tool_call === undefined;
    } else if (event.observation === "agent_state_changed") {
      const { agent_state: state, reason = "" } = event.extras;
      if (endStates.has(state) || (state === "paused" && hasFailed)) return { state, reason, finalAction };
      hasFailed = false;
    }
  }
  signal.throwIfAborted();
  throw new DeckhandError("unknown_conversation", "The subagent's conversation was deleted.");
}

function isAnswer(event: Action): event is Action<"finish" | "reject" | "message"> {
  return event.action === "finish" || event.action === "reject" || event.action === "message";
}
