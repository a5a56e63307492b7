/**
 * The user's own models: `models.json` in DECKHAND_HOME gives their names, addresses and capabilities.
 *
 *   { "models": [
 *       { "name": "big", "provider": "vllm", "model": "Qwen/Qwen3-235B", "base_url": "http://gpu:8000/v1",
 *         "context_tokens": 131072, "tools": true, "price": { "input": 0.2, "output": 0.6 } },
 *       { "name": "gpt-4o", "context_tokens": 64000 } ] }
 *
 * An entry with neither provider nor URL describes a model that its name already identifies. The file is read again
 * after a change. It contains no keys: `key_variable` names the environment variable with the key.
 */
import { readFile, stat } from "node:fs/promises";
import { DeckhandError } from "@deckhand/protocol";
import { z } from "zod";

/** Dollars per million tokens. */
const price = z.strictObject({
  input: z.number().min(0),
  output: z.number().min(0),
  cached_input: z.number().min(0).optional(),
});

const modelEntry = z.strictObject({
  /** The name to choose it by. */
  name: z.string().min(1).max(200),
  /** `openai`, `anthropic`, `vllm` …: the API that the URL speaks. */
  provider: z.string().min(1).optional(),
  /** The provider's name for the model; by default `name` without its provider prefix. */
  model: z.string().min(1).optional(),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  /** The environment variable with the key for this URL. */
  key_variable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of an environment variable")
    .optional(),
  context_tokens: z.int().min(1000).optional(),
  max_output_tokens: z.int().min(1).optional(),
  tools: z.boolean().optional(),
  images: z.boolean().optional(),
  reasoning: z.boolean().optional(),
  price: price.optional(),
});
export type ModelEntry = z.infer<typeof modelEntry>;

const file = z.strictObject({ $schema: z.string().optional(), models: z.array(modelEntry).max(1000) });

/** The current entries. Fails with `model_not_configured` and the place of the error if the file is invalid. */
export type ReadEntries = () => Promise<readonly ModelEntry[]>;

export const noEntries: ReadEntries = () => Promise.resolve([]);

export function entriesFile(path: string): ReadEntries {
  let cached: { readonly stamp: string; readonly entries: readonly ModelEntry[] } | undefined;
  return async () => {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) return [];
    const stamp = `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    if (cached?.stamp !== stamp) cached = { stamp, entries: parseEntries(await readFile(path, "utf8"), path) };
    return cached.entries;
  };
}

function parseEntries(text: string, path: string): readonly ModelEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DeckhandError("model_not_configured", `${path} is not valid JSON.`);
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path: at, message }) => `${at.join(".") || "the file"}: ${message}`);
    throw new DeckhandError("model_not_configured", `${path} is invalid: ${lines.join("; ")}`);
  }
  const { models } = parsed.data;
  const duplicate = models.find(({ name }, at) => models.findIndex((one) => one.name === name) !== at);
  if (duplicate !== undefined) {
    throw new DeckhandError(
      "model_not_configured",
      `${path} is invalid: there are two models named ${duplicate.name}.`,
    );
  }
  return models;
}
