/** From a model's name to its address: at its provider, at a base URL, or as models.json says. */
import { DeckhandError } from "@deckhand/protocol";
import type { ModelChoice } from "../model.ts";
import { anthropic } from "../providers/adapters/anthropic.ts";
import { compatible } from "../providers/adapters/compatible.ts";
import { google } from "../providers/adapters/google.ts";
import { lmStudio } from "../providers/adapters/lm-studio.ts";
import { ollama } from "../providers/adapters/ollama.ts";
import { openai, openaiChat } from "../providers/adapters/openai.ts";
import { firstSet, type Env, type ModelAddress, type Provider } from "../providers/provider.ts";
import { providerOf, providers } from "../providers/registry.ts";
import type { ModelEntry } from "./entries.ts";

interface Official {
  readonly name: string;
  readonly provider: Provider;
  readonly model: string;
  readonly apiKey: string | undefined;
  /** The key of the choice alone: a provider without keys is sent no other. */
  readonly chosenKey: string | undefined;
  readonly env: Env;
}

/** The provider's own URL. */
export function officialAddress({ name, provider, model, apiKey, chosenKey, env }: Official): ModelAddress {
  const keyNames = ["LLM_API_KEY", ...provider.keyVariables].join(" or ");
  if (apiKey === undefined && provider.keyVariables.length > 0) {
    const message = `${name} needs an API key for ${provider.label}: add one in the settings, or set ${keyNames}.`;
    throw new DeckhandError("model_not_configured", message);
  }
  const baseUrl = provider.url(env);
  return {
    provider,
    label: provider.label,
    pricing: { provider: provider.priceListId, model, baseUrl, isFree: provider.priceListId === null },
    model,
    baseUrl,
    apiKey: provider.keyVariables.length > 0 ? apiKey : chosenKey,
    extra: provider.extra?.(env) ?? {},
    keyNames,
  };
}

/** The address of a model server that was discovered, or that is given by its URL alone. */
export function baseUrlAddress(name: string, baseUrl: string, apiKey: string | undefined): ModelAddress {
  const url = parseBaseUrl(baseUrl);
  const [prefix = "", ...rest] = name.split("/");
  const host = rest.length > 0 ? providerOf(prefix) : undefined;
  // `anthropic/claude-…` and `google/gemini-…` stay whole: gateways such as OpenRouter list these models under those
  // names.
  const stripsPrefix = host?.isCompatible === true || host === openai || host === openaiChat;
  // Ollama and LM Studio document their URL without a path; their OpenAI-compatible API is under /v1.
  const lacksPath = (host === ollama || host === lmStudio) && url.pathname === "/";
  const isFree = host !== undefined && host.priceListId === null;
  return {
    // OpenAI's own packages are only for OpenAI; any other URL speaks chat completions.
    provider: host?.isCompatible === true ? host : compatible,
    label: host === undefined || !stripsPrefix ? compatible.label : host.label,
    pricing: {
      provider: isFree ? null : (host?.priceListId ?? vendorOf(name)),
      model: host === undefined ? name : rest.join("/"),
      baseUrl,
      isFree,
    },
    model: stripsPrefix ? rest.join("/") : name,
    baseUrl: lacksPath ? new URL("/v1", url).href : baseUrl,
    apiKey,
    extra: {},
    keyNames: "LLM_API_KEY",
  };
}

interface Configured {
  readonly configured: ModelChoice;
  readonly env: Env;
}

/**
 * The address in models.json. A provider's variable is not sent to the entry's URL, only the variable the entry names.
 */
export function entryAddress(entry: ModelEntry, choice: ModelChoice, { configured, env }: Configured): ModelAddress {
  const { name, base_url: baseUrl, key_variable: variable } = entry;
  const provider = entry.provider === undefined ? compatible : providerOf(entry.provider);
  if (provider === undefined) throw unknownProvider(entry.provider ?? "", " (models.json)");
  const [prefix = "", ...rest] = name.split("/");
  const model = entry.model ?? (rest.length > 0 && providerOf(prefix) === provider ? rest.join("/") : name);
  const configuredKey = configured.name === name ? configured.apiKey : undefined;
  const apiKey = choice.apiKey || configuredKey || (variable === undefined ? undefined : env[variable]) || undefined;
  const price = entry.price === undefined ? {} : { price: entry.price };
  if (baseUrl === undefined) {
    const key = apiKey ?? firstSet(env, provider.keyVariables);
    const official = officialAddress({ name, provider, model, apiKey: key, chosenKey: choice.apiKey, env });
    return { ...official, pricing: { ...official.pricing, ...price } };
  }
  return {
    provider,
    label: provider.label,
    pricing: { provider: provider.priceListId ?? vendorOf(model), model, baseUrl, isFree: false, ...price },
    model,
    baseUrl: parseBaseUrl(baseUrl).href.replace(/\/$/, ""),
    apiKey,
    extra: provider.extra?.(env) ?? {},
    keyNames: variable ?? "LLM_API_KEY",
  };
}

/**
 * The provider of a name, and the provider's own name for the model. `isStrict`: an unknown provider fails; otherwise
 * it counts as OpenAI, which is enough to decide whose key a key is.
 */
export function parseName(name: string, isStrict = true): { readonly provider: Provider; readonly model: string } {
  const [prefix = "", ...rest] = name.split("/");
  if (rest.length === 0) {
    if (name.startsWith("claude")) return { provider: anthropic, model: name };
    return { provider: name.startsWith("gemini") ? google : openai, model: name };
  }
  const provider = providerOf(prefix);
  if (provider !== undefined && provider !== compatible) return { provider, model: rest.join("/") };
  if (!isStrict) return { provider: openai, model: name };
  throw unknownProvider(prefix, "");
}

function parseBaseUrl(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new DeckhandError("model_not_configured", "The base URL of the model is not an http or https URL.");
  }
  if (url.username !== "" || url.password !== "") {
    const message = "The base URL of the model contains a password. Set the API key separately.";
    throw new DeckhandError("model_not_configured", message);
  }
  return url;
}

/** The vendor whose price applies to a model behind a gateway: these families run nowhere else. */
function vendorOf(name: string): string | null {
  if (/^(gpt-(?!oss)|chatgpt|o\d)/.test(name)) return "openai";
  if (name.startsWith("claude-")) return "anthropic";
  return name.startsWith("gemini-") ? "google" : null;
}

function unknownProvider(prefix: string, where: string): DeckhandError {
  const known = providers.flatMap(({ prefixes }) => prefixes).join(", ");
  return new DeckhandError(
    "model_not_found",
    `Unknown model provider ${prefix}${where}. Known providers: ${known}. For any other OpenAI-compatible server, set the base URL.`,
  );
}
