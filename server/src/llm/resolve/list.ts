/** What is known of the models that can be chosen. Nobody is asked. */
import { DeckhandError, type ModelInfo, type ModelList } from "@deckhand/protocol";
import { capabilitiesOf, type ModelCapabilities } from "./capabilities.ts";
import { demoModel } from "../scripted/demo-model.ts";
import type { LocalServer } from "../local/discover.ts";
import type { ModelEntry } from "./entries.ts";
import type { ModelChoice } from "../model.ts";
import { atBaseUrl, elsewhere, knownProviders, resolveModel } from "./resolve.ts";
import type { Env } from "../providers/provider.ts";

interface Known {
  readonly configured: ModelChoice;
  readonly env: Env;
  readonly servers: readonly LocalServer[];
  readonly entries: readonly ModelEntry[];
}

/** `names`: the default first. */
export async function listOf(names: readonly string[], known: Known): Promise<ModelList> {
  const details = await Promise.all(
    names.map(async (name, at): Promise<ModelInfo> => {
      const isDefault = at === 0;
      const abilities = await abilitiesNamed(name, isDefault, known);
      return { name, default: isDefault, demo: name === demoModel.name, ...abilities };
    }),
  );
  return { models: [...names], details, providers: await knownProviders(known.env, known.configured) };
}

async function abilitiesNamed(name: string, isDefault: boolean, known: Known): Promise<ModelCapabilities> {
  const { configured, env, servers, entries } = known;
  const server = servers.find(({ prefix, models }) => models.some((model) => name === `${prefix}/${model}`));
  if (server !== undefined) return await capabilitiesOf(atBaseUrl(name, server.baseUrl, undefined));
  try {
    const where = isDefault
      ? { choice: {}, configured }
      : { choice: { name }, configured: elsewhere(name, configured) };
    const named = resolveModel({ ...where, env, entries });
    if (named.kind === "address") return await capabilitiesOf(named.address, named.entry);
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
  }
  return nothingKnown;
}

/** Of a script, and of a model that cannot be asked as things are. */
const nothingKnown: ModelCapabilities = {
  provider: "",
  local: true,
  context_tokens: null,
  max_output_tokens: null,
  tools: null,
  images: false,
  reasoning: null,
  caching: null,
  price: null,
};
