/** What of a conversation waits for a person. Kept in its row of the list, so that nobody opens a log to find it. */
import { z } from "zod";
import { approvalRule } from "../wire/actions.ts";
import { errorCodes } from "../wire/errors.ts";
import type { ConversationState } from "./state.ts";
import { actionSentence } from "../text/sentences.ts";

/**
 * `approval`: an action waits to be allowed. `question`: the agent has said something and waits for an answer. `limit`:
 * it paused at one. `failed`: it ended with an error. `paused`: by the server, which says why.
 */
export const waitingKinds = ["approval", "question", "limit", "failed", "paused"] as const;

/** As lists tell it. */
export const waiting = z.object({
  kind: z.enum(waitingKinds),
  /** The action's sentence, the agent's last words, or why it rests; the beginning where it is long. */
  text: z.string(),
  /** Of an approval: the id of the action, and when it is denied. */
  id: z.int().optional(),
  expires_at: z.string().optional(),
  /** Of a limit. */
  code: z.enum(errorCodes).optional(),
});
export type Waiting = z.infer<typeof waiting>;

/** The action that waits, as it will run. */
export const pendingAction = z.object({
  action: z.string(),
  /** Null where it is larger than 16 KiB: then the event has it. */
  args: z.record(z.string(), z.unknown()).nullable(),
  reasons: z.array(z.string()),
  rules: z.array(approvalRule),
  cwd: z.string().optional(),
});
export type PendingAction = z.infer<typeof pendingAction>;

/** As the inbox tells it. */
export interface WaitingDetails extends Waiting {
  readonly asked?: PendingAction;
}

const maxTextChars = 500;
const maxArgsChars = 16 * 1024;

/** Null where nothing waits: it works, has finished, or a person let it rest. */
export function waitingFor(state: ConversationState): WaitingDetails | null {
  const { agentState, awaiting, open, atLimit, reason, lastMessage: said } = state;
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
  // Who waits for a child's words is its parent.
  if (state.parent !== null) return null;
  switch (agentState) {
    case "awaiting_user_input":
      return { kind: "question", text: excerpt(said) };
    case "paused":
      if (atLimit !== null) return { kind: "limit", text: excerpt(reason), code: atLimit };
      return reason === "" ? null : { kind: "paused", text: excerpt(reason) };
    case "error":
      return { kind: "failed", text: excerpt(reason) };
    default:
      return null;
  }
}

/** Not half of a character that takes two code units. */
export function excerpt(text: string, most = maxTextChars): string {
  const trimmed = text.trim();
  return trimmed.length <= most ? trimmed : `${trimmed.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
