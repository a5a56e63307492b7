/** What is known of models before they are tried: `GET /api/models`. */
import { z } from "zod";

/** How much a model thinks before it answers, for those that can be told. */
export const reasoningEfforts = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

/** Dollars for a million tokens. */
export const modelPrice = z.object({
  input: z.number(),
  output: z.number(),
  /** Of input that the provider has in its cache; null where it has no price of its own. */
  cached_input: z.number().nullable(),
});
export type ModelPrice = z.infer<typeof modelPrice>;

/** Null is what nobody knows. */
export const modelInfo = z.object({
  /** As it is chosen: `anthropic/claude-sonnet-4-5`. */
  name: z.string(),
  /** For people. */
  provider: z.string(),
  /** What is taken when nothing is chosen. */
  default: z.boolean(),
  /** A script that says so. */
  demo: z.boolean(),
  /** Answers on a machine of one's own. */
  local: z.boolean(),
  /** Of a request and its reply together. */
  context_tokens: z.int().nullable(),
  max_output_tokens: z.int().nullable(),
  /** It calls tools by itself; where it does not, it is told of them in words. */
  tools: z.boolean().nullable(),
  images: z.boolean(),
  /** It thinks before it answers, and can be told how much (`reasoning_effort`). */
  reasoning: z.boolean().nullable(),
  /** Whether the provider keeps what it has read: by itself, or where it is told to by marks. */
  caching: z.enum(["automatic", "marks"]).nullable(),
  price: modelPrice.nullable(),
});
export type ModelInfo = z.infer<typeof modelInfo>;

/** Whose models can be asked for. */
export const modelProvider = z.object({
  /** As in `anthropic/claude-sonnet-4-5`. */
  prefix: z.string(),
  label: z.string(),
  /** Variables that have its key; the first that is set counts. None: it wants no key. */
  keys: z.array(z.string()),
  has_key: z.boolean(),
  local: z.boolean(),
  /** What the price list has of it, newest names last; it may have others. */
  known: z.array(z.string()),
});
export type ModelProvider = z.infer<typeof modelProvider>;

export const modelList = z.object({
  /** Names that can be chosen, best first. */
  models: z.array(z.string()),
  /** The same with what is known of each. */
  details: z.array(modelInfo),
  providers: z.array(modelProvider),
});
export type ModelList = z.infer<typeof modelList>;
