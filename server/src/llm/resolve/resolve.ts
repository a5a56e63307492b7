/**
 * Which provider a model's name means, as users of LiteLLM write names. No network and no file is touched here.
 *
 *   gpt-4o, openai/gpt-4o            OpenAI          claude-…, anthropic/…   Anthropic
 *   gemini-…, gemini/…, google/…     Google          bedrock/…, azure/…, ollama/… and the rest of all.ts
 *   anything, with a base URL        OpenAI-compatible chat completions at that URL, taken as it is
 *   what models.json names           as it says there
 *   demo, scripted/FILE.json         scripted
 *
 * A key goes to the provider that it was given for and nowhere else: LLM_API_KEY to the provider of LLM_MODEL and
 * LLM_BASE_URL, a choice's key to that choice, a provider's own variable to that provider's own address.
 */
import { DeckhandError, type ModelProvider } from "@deckhand/protocol";
import type { ModelEntry } from "./entries.ts";
import type { ModelChoice } from "../model.ts";
import { priceListModels } from "../prices.ts";
import { providerOf, providers } from "../providers/registry.ts";
import { anthropic } from "../providers/adapters/anthropic.ts";
import { compatible } from "../providers/adapters/compatible.ts";
import { google } from "../providers/adapters/google.ts";
import { lmStudio } from "../providers/adapters/lm-studio.ts";
import { ollama } from "../providers/adapters/ollama.ts";
import { openai, openaiChat } from "../providers/adapters/openai.ts";
import { firstSet, type Env, type ModelAddress, type Provider } from "../providers/provider.ts";

export type ResolvedModel =
  | { readonly kind: "demo" }
  | { readonly kind: "scripted"; readonly path: string }
  | { readonly kind: "discover" }
  | { readonly kind: "address"; readonly address: ModelAddress; readonly entry: ModelEntry | undefined };

/** All of them, for people; no key is in it. */
export async function knownProviders(env: Env, configured: ModelChoice): Promise<ModelProvider[]> {
  const own = configured.name && !configured.baseUrl ? providerNamed(configured.name, false).provider : undefined;
  return await Promise.all(
    providers.map(async (provider) => ({
      prefix: provider.prefixes[0],
      label: provider.label,
      keys: [...provider.keyVariables],
      has_key: firstSet(env, provider.keyVariables) !== undefined || (provider === own && Boolean(configured.apiKey)),
      local: provider.priceListId === null,
      known: provider.priceListId === null ? [] : [...(await priceListModels(provider.priceListId))],
    })),
  );
}

export interface Naming {
  readonly choice: ModelChoice;
  readonly configured: ModelChoice;
  readonly env: Env;
  readonly entries?: readonly ModelEntry[];
}

/** Fails with `model_not_found` for a provider that nobody knows, `model_not_configured` where a key is missing. */
export function resolveModel({ choice, configured, env, entries = [] }: Naming): ResolvedModel {
  const name = choice.name || configured.name || "";
  if (name === "demo") return { kind: "demo" };
  if (name.startsWith("scripted/")) return { kind: "scripted", path: name.slice("scripted/".length) };
  // Who names an address of their own means what is there, whatever it is called here.
  const entry = choice.baseUrl ? undefined : entries.find((one) => one.name === name);
  const own = entry?.provider !== undefined || entry?.base_url !== undefined;
  if (entry !== undefined && own)
    return { kind: "address", address: atEntry(entry, { choice, configured, env }), entry };
  const baseUrl = choice.baseUrl || configured.baseUrl;
  if (baseUrl !== undefined && baseUrl !== "") {
    // A configured key belongs to the configured address: who names another one brings a key, or none is sent.
    const apiKey = choice.apiKey || (baseUrl === configured.baseUrl ? configured.apiKey : undefined);
    return { kind: "address", address: atBaseUrl(name, baseUrl, apiKey || undefined), entry };
  }
  if (name === "") return { kind: "discover" };
  const { provider, model } = providerNamed(name);
  const configuredFor = configured.name ? providerNamed(configured.name, false).provider : provider;
  const shared = configuredFor === provider && !entries.some((one) => one.name === configured.name && one.base_url);
  const apiKey = choice.apiKey || (shared ? configured.apiKey : undefined) || firstSet(env, provider.keyVariables);
  return {
    kind: "address",
    address: ownAddress({ name, provider, model, apiKey, chosenKey: choice.apiKey, env }),
    entry,
  };
}

/**
 * For a model that is named beside the configured one (to stand in for it, for titles): one whose provider is named is asked
 * there, and the key of a configured address stays at that address.
 */
export function elsewhere(name: string, configured: ModelChoice): ModelChoice {
  if (!configured.baseUrl) return configured;
  const [prefix = "", ...rest] = name.split("/");
  return rest.length > 0 && providerOf(prefix) !== undefined ? {} : configured;
}

/** The choice with its key where that came for where the choice leads now, else without one. */
export function withScopedKey(
  choice: ModelChoice,
  { configured, entries = [] }: Omit<Naming, "choice" | "env">,
): ModelChoice {
  const { keyFor, name, baseUrl = "", ...rest } = choice;
  if (keyFor === undefined) return choice;
  const [before, now] = [keyFor.name || configured.name || "", name || configured.name || ""];
  const isApart = (one: string) => entries.some((entry) => entry.name === one && (entry.base_url ?? entry.provider));
  const sameProvider = () =>
    !isApart(before) &&
    !isApart(now) &&
    (Boolean(configured.baseUrl) || providerNamed(before, false).provider === providerNamed(now, false).provider);
  const isSame = (keyFor.baseUrl ?? "") === baseUrl && (baseUrl !== "" || before === now || sameProvider());
  return isSame ? choice : { ...rest, name, baseUrl, apiKey: undefined };
}

interface Own {
  readonly name: string;
  readonly provider: Provider;
  readonly model: string;
  readonly apiKey: string | undefined;
  readonly chosenKey: string | undefined;
  readonly env: Env;
}

/** At the provider's own address. */
function ownAddress({ name, provider, model, apiKey, chosenKey, env }: Own): ModelAddress {
  const keyNames = ["LLM_API_KEY", ...provider.keyVariables].join(" or ");
  if (apiKey === undefined && provider.keyVariables.length > 0) {
    throw new DeckhandError("model_not_configured", `${name} needs a key of ${provider.label}: set ${keyNames}.`);
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

/** As models.json says. A variable's key goes to an address that stands there only where the entry names it. */
function atEntry(entry: ModelEntry, { choice, configured, env }: Naming): ModelAddress {
  const { name, base_url: baseUrl, key_variable: variable } = entry;
  const named = entry.provider === undefined ? compatible : providerOf(entry.provider);
  if (named === undefined) throw unknownProvider(entry.provider ?? "", " (models.json)");
  const [prefix = "", ...rest] = name.split("/");
  const model = entry.model ?? (rest.length > 0 && providerOf(prefix) === named ? rest.join("/") : name);
  const configuredKey = configured.name === name ? configured.apiKey : undefined;
  const apiKey = choice.apiKey || configuredKey || (variable === undefined ? undefined : env[variable]) || undefined;
  const price = entry.price === undefined ? {} : { price: entry.price };
  if (baseUrl === undefined) {
    const key = apiKey ?? firstSet(env, named.keyVariables);
    const own = ownAddress({ name, provider: named, model, apiKey: key, chosenKey: choice.apiKey, env });
    return { ...own, pricing: { ...own.pricing, ...price } };
  }
  const keyNames = variable === undefined ? "LLM_API_KEY" : variable;
  const sold = named.priceListId ?? soldBy(model);
  return {
    provider: named,
    label: named.label,
    pricing: { provider: sold, model, baseUrl, isFree: false, ...price },
    model,
    baseUrl: checked(baseUrl).href.replace(/\/$/, ""),
    apiKey,
    extra: named.extra?.(env) ?? {},
    keyNames,
  };
}

function checked(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new DeckhandError("model_not_configured", "LLM_BASE_URL is not an http or https URL.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new DeckhandError("model_not_configured", "A key does not belong into LLM_BASE_URL: set LLM_API_KEY.");
  }
  return url;
}

/** The address of a server that was found, or is named by a URL alone. */
export function atBaseUrl(name: string, baseUrl: string, apiKey: string | undefined): ModelAddress {
  const url = checked(baseUrl);
  const [prefix = "", ...rest] = name.split("/");
  const host = rest.length > 0 ? providerOf(prefix) : undefined;
  // `anthropic/claude-…` and `google/gemini-…` are what gateways such as OpenRouter call these models.
  const strip = host?.isCompatible === true || host === openai || host === openaiChat;
  // Whoever names Ollama by its own address leaves the path out, as its own API does; its models are under /v1.
  const bare = (host === ollama || host === lmStudio) && url.pathname === "/";
  const model = strip ? rest.join("/") : name;
  const isFree = host !== undefined && host.priceListId === null;
  return {
    // OpenAI's own packages are for OpenAI; what is elsewhere speaks chat completions.
    provider: host?.isCompatible === true ? host : compatible,
    label: host === undefined || !strip ? compatible.label : host.label,
    pricing: {
      provider: isFree ? null : (host?.priceListId ?? soldBy(name)),
      model: host === undefined ? name : rest.join("/"),
      baseUrl,
      isFree,
    },
    model,
    baseUrl: bare ? new URL("/v1", url).href : baseUrl,
    apiKey,
    extra: {},
    keyNames: "LLM_API_KEY",
  };
}

/** Whose price a name has behind a gateway: these models run nowhere else. */
function soldBy(name: string): string | null {
  if (/^(gpt-(?!oss)|chatgpt|o\d)/.test(name)) return "openai";
  if (name.startsWith("claude-")) return "anthropic";
  return name.startsWith("gemini-") ? "google" : null;
}

/** `strict`: an unknown provider fails. Otherwise it counts as OpenAI, which only says whose key a key is. */
function providerNamed(name: string, strict = true): { readonly provider: Provider; readonly model: string } {
  const [prefix = "", ...rest] = name.split("/");
  if (rest.length === 0) {
    if (name.startsWith("claude")) return { provider: anthropic, model: name };
    return { provider: name.startsWith("gemini") ? google : openai, model: name };
  }
  const provider = providerOf(prefix);
  if (provider !== undefined && provider !== compatible) return { provider, model: rest.join("/") };
  if (!strict) return { provider: openai, model: name };
  throw unknownProvider(prefix, "");
}

function unknownProvider(prefix: string, where: string): DeckhandError {
  const known = providers.flatMap(({ prefixes }) => prefixes).join(", ");
  return new DeckhandError(
    "model_not_found",
    `No provider is called ${prefix}${where}. Known are ${known}. For another OpenAI-compatible server set LLM_BASE_URL.`,
  );
}
