/** Waiting for a child. */
import { DeckhandError, isAction, type Action, type AgentState } from "@deckhand/protocol";
import type { LinkedConversation } from "./linked-conversation.ts";

export interface IdleResult {
  readonly state: AgentState;
  /** Why, as a sentence; empty where that is plain. */
  readonly reason: string;
  /** Its last word. */
  readonly finalAction: Action<"finish" | "reject" | "message"> | null;
}

/** These end its work for the parent. One that a person has paused is waited for: they will let it go on, or stop it. */
const ends: ReadonlySet<AgentState> = new Set(["finished", "rejected", "awaiting_user_input", "stopped", "error"]);

/**
 * Until it rests, from event `after` on. A pause at a limit or in a circle is an end, too: its error stands before it. Fails with
 * `unknown_conversation` where it is deleted meanwhile.
 */
export async function awaitIdle(child: LinkedConversation, after: number, signal: AbortSignal): Promise<IdleResult> {
  let said: IdleResult["finalAction"] = null;
  let failed = false;
  for await (const event of child.follow(after, signal)) {
    if (isAction(event)) {
      if (event.source === "agent" && isWord(event)) said = event;
    } else if (event.observation === "error") {
      failed = event.cause === undefined && event.tool_call === undefined;
    } else if (event.observation === "agent_state_changed") {
      const { agent_state: state, reason = "" } = event.extras;
      if (ends.has(state) || (state === "paused" && failed)) return { state, reason, finalAction: said };
      failed = false;
    }
  }
  signal.throwIfAborted();
  throw new DeckhandError("unknown_conversation", "The conversation of the agent was deleted.");
}

function isWord(event: Action): event is Action<"finish" | "reject" | "message"> {
  return event.action === "finish" || event.action === "reject" || event.action === "message";
}
