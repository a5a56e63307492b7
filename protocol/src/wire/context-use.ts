/** How full the model's context was at a request, and of what. */
import { z } from "zod";

const tokens = z.int().min(0);

/** In tokens as the model counted them, shared out by characters; the parts add up to `tokens`. */
export const contextUse = z.object({
  tokens,
  /** What the model can read together with its reply; null where nobody knows. */
  limit: tokens.nullable(),
  by: z.object({
    /** The agent's prompt. */
    system: tokens,
    /** The tools as they are described. */
    tools: tokens,
    /** What the workspace and the user's own files say to agents. */
    instructions: tokens,
    /** What the user said. */
    user: tokens,
    /** What the model said, its calls included. */
    replies: tokens,
    /** What came of calls, and what the user did. */
    outputs: tokens,
    /** What stands for what was summarised. */
    summary: tokens,
    /** What the server told the model. */
    notes: tokens,
  }),
});
export type ContextUse = z.infer<typeof contextUse>;
export type ContextPart = keyof ContextUse["by"];
