/** A conversation as lists tell it. */
import { z } from "zod";
import { agentStates } from "./states.ts";
import { waiting } from "../state/waiting.ts";

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
  /** A person keeps it at the top, or has put it away. */
  pinned: z.boolean(),
  archived: z.boolean(),
  /** Id of the last event that a person has looked at; -1 for none. */
  seen: z.int().min(-1),
  /** What waits for a person; null where nothing does. */
  waiting: waiting.nullable(),
  /** The conversation whose child it is. */
  parent: z.string().nullable(),
});
export type ConversationRow = z.infer<typeof conversationRow>;
