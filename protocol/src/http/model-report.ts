/** What trying a model showed: `POST /api/models/check`. */
import { z } from "zod";

export const modelFinding = z.object({
  /** `reply`: the key and the address are right and it answers. `context`: how much it reads is known. */
  what: z.enum(["reply", "tools", "images", "context", "price"]),
  ok: z.boolean(),
  /** What was seen or, where something is wrong, what to do. */
  sentence: z.string(),
});
export type ModelFinding = z.infer<typeof modelFinding>;

export const modelReport = z.object({
  model: z.string(),
  /** It can do the agent's work. */
  ok: z.boolean(),
  findings: z.array(modelFinding),
  duration_ms: z.number(),
  /** Of the trial; null where the price is not known. */
  cost_usd: z.number().nullable(),
});
export type ModelReport = z.infer<typeof modelReport>;
