/**
 * Models of one's own: `models.json` in DECKHAND_HOME names them, says where they are asked, and what is known of them.
 *
 *   { "models": [
 *       { "name": "big", "provider": "vllm", "model": "Qwen/Qwen3-235B", "base_url": "http://gpu:8000/v1",
 *         "context_tokens": 131072, "tools": true, "price": { "input": 0.2, "output": 0.6 } },
 *       { "name": "gpt-4o", "context_tokens": 64000 } ] }
 *
 * An entry without a provider and an address says something of a model that is known by its name already. The file is read
 * again when it has changed. No key stands in it: `key_variable` names the variable that has it.
 */
import { readFile, stat } from "node:fs/promises";
import { DeckhandError } from "@deckhand/protocol";
import { z } from "zod";

/** Dollars for a million tokens. */
const price = z.strictObject({
  input: z.number().min(0),
  output: z.number().min(0),
  cached_input: z.number().min(0).optional(),
});

const modelEntry = z.strictObject({
  /** As it is chosen. */
  name: z.string().min(1).max(200),
  /** `openai`, `anthropic`, `vllm` …; whose words are spoken at the address. */
  provider: z.string().min(1).optional(),
  /** The provider's name for it; by default `name`, without the provider in front. */
  model: z.string().min(1).optional(),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  /** Variable that has the key for this address. */
  key_variable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, "the name of a variable")
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

/** What there is now. Fails with `model_not_configured` and where the file is wrong. */
export type ReadEntries = () => Promise<readonly ModelEntry[]>;

export const noEntries: ReadEntries = () => Promise.resolve([]);

export function entriesFile(path: string): ReadEntries {
  let known: { readonly stamp: string; readonly entries: readonly ModelEntry[] } | undefined;
  return async () => {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return [];
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (known?.stamp !== stamp) known = { stamp, entries: parseEntries(await readFile(path, "utf8"), path) };
    return known.entries;
  };
}

function parseEntries(text: string, path: string): readonly ModelEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DeckhandError("model_not_configured", `${path} is not JSON.`);
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path: at, message }) => `${at.join(".") || "the whole"}: ${message}`);
    throw new DeckhandError("model_not_configured", `${path} is not usable. ${lines.join("; ")}`);
  }
  const { models } = parsed.data;
  const twice = models.find(({ name }, at) => models.findIndex((one) => one.name === name) !== at);
  if (twice !== undefined) {
    throw new DeckhandError("model_not_configured", `${path} is not usable. ${twice.name} is named twice.`);
  }
  return models;
}
