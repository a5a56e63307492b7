/** What in a conversation waits for a person. Stored with its row, so that lists need not read logs. */
import { excerpt } from "../text/excerpt.ts";
import { actionSentence } from "../text/sentences.ts";
import type { WaitingDetails } from "../wire/conversation-row.ts";
import type { ConversationState } from "./state.ts";

const maxArgsChars = 16 * 1024;

/** Null when nothing waits: the agent is working or has finished, or a person paused it. */
export function waitingFor(state: ConversationState): WaitingDetails | null {
  const { agentState, awaiting, open, atLimit, reason, lastMessage } = state;
  if (awaiting !== null) {
    const action = open.find(({ id }) => id === awaiting.id);
    if (action === undefined) return null;
    const { id, reasons, rules, expires_at, cwd } = awaiting;
    const args = action.args as Record<string, unknown>;
    const asked = {
      action: action.action,
      args: JSON.stringify(args).length > maxArgsChars ? null : args,
      reasons,
      rules,
      ...(cwd === undefined ? {} : { cwd }),
    };
    return { kind: "approval", text: excerpt(actionSentence(action)), id, expires_at, asked };
  }
  // A subagent's questions go to its parent.
  if (state.parent !== null) return null;
  switch (agentState) {
    case "awaiting_user_input":
      return { kind: "question", text: excerpt(lastMessage) };
    case "paused":
      if (atLimit !== null) return { kind: "limit", text: excerpt(reason), code: atLimit };
      return reason === "" ? null : { kind: "paused", text: excerpt(reason) };
    case "error":
      return { kind: "failed", text: excerpt(reason) };
    default:
      return null;
  }
}
