/** Token counts: of one reply, and of what fills the model's context. */
import { z } from "zod";

const tokens = z.int().min(0);

/** Tokens of one reply, as counted by the provider. `cached_input` is the part of `input` read from its cache. */
export const usageSchema = z.object({
  input: tokens,
  output: tokens,
  cached_input: tokens,
  cache_write: tokens,
  reasoning: tokens,
});
export type Usage = z.infer<typeof usageSchema>;

/**
 * How full the model's context was at a request, and what filled it. `tokens` is the provider's count, divided among
 * the parts in proportion to their characters, so that the parts add up to it.
 */
export const contextUse = z.object({
  tokens,
  /** The context window, shared by request and reply; null when unknown. */
  limit: tokens.nullable(),
  by: z.object({
    /** The agent's system prompt. */
    system: tokens,
    /** Tool descriptions. */
    tools: tokens,
    /** Instruction files and skills of the workspace and the user. */
    instructions: tokens,
    /** Messages of the user. */
    user: tokens,
    /** Replies of the model, including its tool calls. */
    replies: tokens,
    /** Tool results, and actions of the user. */
    outputs: tokens,
    /** The summary that replaces older events. */
    summary: tokens,
    /** Notes that the server added. */
    notes: tokens,
  }),
});
export type ContextUse = z.infer<typeof contextUse>;
export type ContextPart = keyof ContextUse["by"];
