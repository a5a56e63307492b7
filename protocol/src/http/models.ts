/** Bodies of `GET /api/models` and `POST /api/models/check`. */
import { z } from "zod";

/** US dollars per million tokens. */
export const modelPrice = z.object({
  input: z.number(),
  output: z.number(),
  /** Input that the provider reads from its cache; null when it has no separate price. */
  cached_input: z.number().nullable(),
});
export type ModelPrice = z.infer<typeof modelPrice>;

/** What is known about a model without asking it; null means unknown. */
export const modelInfo = z.object({
  /** The name to configure: `anthropic/claude-sonnet-4-5`. */
  name: z.string(),
  /** Display name. */
  provider: z.string(),
  /** Used when no model is chosen. */
  default: z.boolean(),
  /** The built-in scripted model. */
  demo: z.boolean(),
  /** Runs on the user's own machine. */
  local: z.boolean(),
  /** Context window, shared by request and reply. */
  context_tokens: z.int().nullable(),
  max_output_tokens: z.int().nullable(),
  /** Supports native tool calls; if not, tools are described in the prompt. */
  tools: z.boolean().nullable(),
  images: z.boolean(),
  /** Thinks before it answers and accepts `reasoning_effort`. */
  reasoning: z.boolean().nullable(),
  /** How the provider caches prompts: automatically, or at marked positions. */
  caching: z.enum(["automatic", "marks"]).nullable(),
  price: modelPrice.nullable(),
});
export type ModelInfo = z.infer<typeof modelInfo>;

/** A supported model provider. */
export const modelProvider = z.object({
  /** The part before the slash in `anthropic/claude-sonnet-4-5`. */
  prefix: z.string(),
  label: z.string(),
  /** Environment variables for its API key, in order of precedence. Empty: it needs no key. */
  keys: z.array(z.string()),
  has_key: z.boolean(),
  local: z.boolean(),
  /** Its models in the price list, newest last; it may offer others. */
  known: z.array(z.string()),
});
export type ModelProvider = z.infer<typeof modelProvider>;

export const modelList = z.object({
  /** Available models, best first. */
  models: z.array(z.string()),
  /** The same models in detail. */
  details: z.array(modelInfo),
  providers: z.array(modelProvider),
});
export type ModelList = z.infer<typeof modelList>;

/** One result of testing a model. */
export const modelFinding = z.object({
  /** `reply`: key and URL work and the model answers. `context`: the context window is known. */
  what: z.enum(["reply", "tools", "images", "context", "price"]),
  ok: z.boolean(),
  /** What was found or, if something is wrong, what to do about it. */
  sentence: z.string(),
});
export type ModelFinding = z.infer<typeof modelFinding>;

export const modelReport = z.object({
  model: z.string(),
  /** The model is suitable for an agent. */
  ok: z.boolean(),
  findings: z.array(modelFinding),
  duration_ms: z.number(),
  /** Cost of the test; null when the price is unknown. */
  cost_usd: z.number().nullable(),
});
export type ModelReport = z.infer<typeof modelReport>;
