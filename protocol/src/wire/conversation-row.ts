/** A conversation as lists show it, and what in it waits for a person. */
import { z } from "zod";
import { approvalReasons, approvalRule } from "./approvals.ts";
import { errorCodes } from "./errors.ts";
import { agentStates } from "./states.ts";

/**
 * `approval`: an action needs approval. `question`: the agent asked something and waits for an answer. `limit`: it
 * paused at a limit. `failed`: it ended with an error. `paused`: the server paused it and says why.
 */
export const waitingKinds = ["approval", "question", "limit", "failed", "paused"] as const;

export const waiting = z.object({
  kind: z.enum(waitingKinds),
  /** The sentence of the action, the agent's last message, or the reason for the pause; truncated when long. */
  text: z.string(),
  /** For `approval`: the id of the action, and when it is denied. */
  id: z.int().optional(),
  expires_at: z.string().optional(),
  /** For `limit`: which one. */
  code: z.enum(errorCodes).optional(),
});
export type Waiting = z.infer<typeof waiting>;

/** An action that needs approval, exactly as it will run. */
export const pendingAction = z.object({
  action: z.string(),
  /** Null when larger than 16 KiB; the event has them. */
  args: z.record(z.string(), z.unknown()).nullable(),
  reasons: z.array(z.enum(approvalReasons)),
  rules: z.array(approvalRule),
  cwd: z.string().optional(),
});
export type PendingAction = z.infer<typeof pendingAction>;

/** What the inbox shows: with the action that needs approval. */
export interface WaitingDetails extends Waiting {
  readonly asked?: PendingAction;
}

export const conversationRow = z.object({
  id: z.string(),
  title: z.string(),
  agent_state: z.enum(agentStates).nullable(),
  /** ISO 8601. */
  created_at: z.string(),
  updated_at: z.string(),
  /** Id of the last event; -1 for none. */
  head: z.int().min(-1),
  cost_usd: z.number(),
  /** A person pinned it to the top of the list. */
  pinned: z.boolean(),
  archived: z.boolean(),
  /** Id of the last event that a person has seen; -1 for none. */
  seen: z.int().min(-1),
  /** What waits for a person; null for nothing. */
  waiting: waiting.nullable(),
  /** The parent conversation, for a subagent. */
  parent: z.string().nullable(),
});
export type ConversationRow = z.infer<typeof conversationRow>;
