/**
 * Which model a choice means, given the configuration. Names follow LiteLLM's conventions. Pure: no network, no files.
 *
 *   gpt-4o, openai/gpt-4o            OpenAI          claude-…, anthropic/…   Anthropic
 *   gemini-…, gemini/…, google/…     Google          bedrock/…, azure/…, ollama/… and the rest of registry.ts
 *   any name with a base URL         OpenAI-compatible chat completions at exactly that URL
 *   a name from models.json          what its entry says
 *   demo, scripted/FILE.json         scripted
 *   no name and no base URL          a model server on this machine, or the demo
 *
 * A key is sent only to the provider it was given for: LLM_API_KEY to the provider of LLM_MODEL and LLM_BASE_URL, the
 * key of a choice to that choice, a provider's own variable to that provider's own URL.
 */
import type { ReasoningEffort } from "@deckhand/protocol";
import type { ModelChoice } from "../model.ts";
import { firstSet, type Env, type ModelAddress } from "../providers/provider.ts";
import { providerOf } from "../providers/registry.ts";
import { baseUrlAddress, entryAddress, officialAddress, parseName } from "./address.ts";
import type { ModelEntry } from "./entries.ts";

export interface ModelConfig {
  readonly configured: ModelChoice;
  /** Where the providers' own variables are looked up. */
  readonly env: Env;
  readonly entries?: readonly ModelEntry[];
  /** Unless the choice has its own. */
  readonly reasoningEffort?: ReasoningEffort | undefined;
}

export type ResolvedModel =
  | { readonly type: "demo" }
  | { readonly type: "scripted"; readonly path: string }
  /** The first model of the first model server found on this machine; the demo if there is none. */
  | { readonly type: "local"; readonly apiKey: string | undefined; readonly effort: ReasoningEffort | undefined }
  | ProviderModel;

export interface ProviderModel {
  readonly type: "provider";
  /** As the user wrote it; empty: named after the first model that the server lists. */
  readonly name: string;
  readonly address: ModelAddress;
  /** Its entry in models.json. */
  readonly entry: ModelEntry | undefined;
  readonly effort: ReasoningEffort | undefined;
}

/** Fails with `model_not_found` for an unknown provider, with `model_not_configured` for a missing key. */
export function resolve(choice: ModelChoice, config: ModelConfig): ResolvedModel {
  const { configured, env, entries = [] } = config;
  const name = choice.name || configured.name || "";
  const effort = choice.reasoningEffort ?? config.reasoningEffort;
  if (name === "demo") return { type: "demo" };
  if (name.startsWith("scripted/")) return { type: "scripted", path: name.slice("scripted/".length) };
  // A choice with a base URL means the model there, whatever that name means in models.json.
  const entry = choice.baseUrl ? undefined : entries.find((one) => one.name === name);
  const provided = (address: ModelAddress): ProviderModel => ({ type: "provider", name, address, entry, effort });

  if (entry !== undefined && hasOwnAddress(entry)) return provided(entryAddress(entry, choice, config));
  const baseUrl = choice.baseUrl || configured.baseUrl;
  if (baseUrl) {
    // The configured key belongs to the configured URL: another URL gets the choice's key or none.
    const apiKey = choice.apiKey || (baseUrl === configured.baseUrl ? configured.apiKey : undefined);
    return provided(baseUrlAddress(name, baseUrl, apiKey || undefined));
  }
  if (name === "") return { type: "local", apiKey: configured.apiKey, effort };
  const { provider, model } = parseName(name);
  const apiKey =
    choice.apiKey ||
    (isConfiguredProvider(name, config) ? configured.apiKey : undefined) ||
    firstSet(env, provider.keyVariables);
  return provided(officialAddress({ name, provider, model, apiKey, chosenKey: choice.apiKey, env }));
}

/**
 * A model used alongside the configured one: a fallback, or the small model for titles. When its name has a provider
 * prefix it runs there, and neither the configured base URL nor its key applies.
 */
export function resolveAlongside(name: string, config: ModelConfig): ResolvedModel {
  const { baseUrl } = config.configured;
  return resolve({ name }, baseUrl && hasProviderPrefix(name) ? { ...config, configured: {} } : config);
}

/** The choice without its key if that key was given for another provider or URL than the choice now means. */
export function scopeKey(choice: ModelChoice, { configured, entries = [] }: ModelConfig): ModelChoice {
  const { keyFor, name, baseUrl = "", ...rest } = choice;
  if (keyFor === undefined) return choice;
  const [before, now] = [keyFor.name || configured.name || "", name || configured.name || ""];
  const isEntryAddress = (one: string) => entries.some((entry) => entry.name === one && hasOwnAddress(entry));
  const isSameProvider = () =>
    !isEntryAddress(before) &&
    !isEntryAddress(now) &&
    (Boolean(configured.baseUrl) || keyProvider(before) === keyProvider(now));
  const isInScope = (keyFor.baseUrl ?? "") === baseUrl && (baseUrl !== "" || before === now || isSameProvider());
  return isInScope ? choice : { ...rest, name, baseUrl, apiKey: undefined };
}

function isConfiguredProvider(name: string, { configured, entries = [] }: ModelConfig): boolean {
  if (entries.some((one) => one.name === configured.name && one.base_url)) return false;
  return !configured.name || keyProvider(configured.name) === keyProvider(name);
}

function keyProvider(name: string): ReturnType<typeof parseName>["provider"] {
  return parseName(name, false).provider;
}

function hasOwnAddress({ provider, base_url: baseUrl }: ModelEntry): boolean {
  return provider !== undefined || baseUrl !== undefined;
}

function hasProviderPrefix(name: string): boolean {
  const [prefix = "", ...rest] = name.split("/");
  return rest.length > 0 && providerOf(prefix) !== undefined;
}
