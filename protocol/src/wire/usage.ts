import { z } from "zod";

/** Tokens of one reply, as the provider counted them. `cached_input` is the part of `input` read from its cache. */
export const usageSchema = z.object({
  input: z.int().min(0),
  output: z.int().min(0),
  cached_input: z.int().min(0),
  cache_write: z.int().min(0),
  reasoning: z.int().min(0),
});
export type Usage = z.infer<typeof usageSchema>;
