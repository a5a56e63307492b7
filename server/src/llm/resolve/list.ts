/** What is known of the models that can be chosen, and of their providers, without contacting any. */
import { DeckhandError, type ModelInfo, type ModelList, type ModelProvider } from "@deckhand/protocol";
import type { LocalServer } from "../local/discover.ts";
import type { ModelChoice } from "../model.ts";
import { priceListModels } from "../prices.ts";
import { firstSet, type Env } from "../providers/provider.ts";
import { providers } from "../providers/registry.ts";
import { demoModel } from "../scripted/demo-model.ts";
import { baseUrlAddress, parseName } from "./address.ts";
import { capabilitiesOf, type ModelCapabilities } from "./capabilities.ts";
import { resolve, resolveAlongside, type ModelConfig } from "./resolve.ts";

/** `names`: the default first. */
export async function describeModels(
  names: readonly string[],
  config: ModelConfig,
  servers: readonly LocalServer[],
): Promise<ModelList> {
  const details = await Promise.all(
    names.map(async (name, at): Promise<ModelInfo> => {
      const isDefault = at === 0;
      const capabilities = await capabilitiesOfName(name, isDefault, config, servers);
      return { name, default: isDefault, demo: name === demoModel.name, ...capabilities };
    }),
  );
  return { models: [...names], details, providers: await describeProviders(config.env, config.configured) };
}

async function capabilitiesOfName(
  name: string,
  isDefault: boolean,
  config: ModelConfig,
  servers: readonly LocalServer[],
): Promise<ModelCapabilities> {
  const server = servers.find(({ prefix, models }) => models.some((model) => name === `${prefix}/${model}`));
  if (server !== undefined) return await capabilitiesOf(baseUrlAddress(name, server.baseUrl, undefined));
  try {
    const resolved = isDefault ? resolve({}, config) : resolveAlongside(name, config);
    if (resolved.type === "provider") return await capabilitiesOf(resolved.address, resolved.entry);
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
  }
  return unknownCapabilities;
}

/** Of a script, and of a model that cannot be called as it is configured. */
const unknownCapabilities: ModelCapabilities = {
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

/** Says which providers have a key, never the key. */
async function describeProviders(env: Env, configured: ModelChoice): Promise<ModelProvider[]> {
  const { name, baseUrl, apiKey } = configured;
  const configuredProvider = name && !baseUrl ? parseName(name, false).provider : undefined;
  return await Promise.all(
    providers.map(async (provider) => ({
      prefix: provider.prefixes[0],
      label: provider.label,
      keys: [...provider.keyVariables],
      has_key:
        firstSet(env, provider.keyVariables) !== undefined || (provider === configuredProvider && Boolean(apiKey)),
      local: provider.priceListId === null,
      known: provider.priceListId === null ? [] : [...(await priceListModels(provider.priceListId))],
    })),
  );
}
