/**
 * Which provider a model's name means, as users of LiteLLM write names. No network and no file is touched here.
 *
 *   gpt-4o, openai/gpt-4o            OpenAI          claude-…, anthropic/…   Anthropic
 *   gemini-…, gemini/…, google/…     Google          ollama/…, openrouter/…, groq/… and the rest of `hosts`
 *   anything, with a base URL        OpenAI-compatible chat completions at that URL, taken as it is
 *   demo, scripted/FILE.json         scripted
 *
 * A key goes to the provider that it was given for and nowhere else: LLM_API_KEY to the provider of LLM_MODEL and
 * LLM_BASE_URL, a choice's key to that choice, a provider's own variable to that provider's own address.
 */
import { DeckhandError, type ModelProvider } from "@deckhand/protocol";
import type { ModelChoice } from "../model.ts";
import { listedModels, type Priced } from "../prices.ts";

/** Where a model is asked, and how. */
export interface ModelAddress {
  readonly kind: "openai" | "anthropic" | "google" | "compatible";
  /** For people. */
  readonly label: string;
  /** What it costs. */
  readonly priced: Priced;
  /** The provider's name for the model; empty: the first that it lists. */
  readonly model: string;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Where a key would come from, for people. */
  readonly keyNames: string;
  /** Whether reasoning is sent back. Mistral and Groq refuse fields that they do not know; the others use or ignore it. */
  readonly sendsReasoning: boolean;
}

export type NamedModel =
  | { readonly kind: "demo" }
  | { readonly kind: "scripted"; readonly path: string }
  | { readonly kind: "discover" }
  | { readonly kind: "address"; readonly address: ModelAddress };

interface Host {
  readonly label: string;
  readonly kind: ModelAddress["kind"];
  readonly url: string;
  /** The provider's own variables; none: it asks for no key. */
  readonly keys: readonly string[];
  /** The provider in the price list; null: it runs on machines of one's own. */
  readonly prices: string | null;
  readonly sendsReasoning?: boolean;
}

const openai: Host = {
  label: "OpenAI",
  kind: "openai",
  url: "https://api.openai.com/v1",
  keys: ["OPENAI_API_KEY"],
  prices: "openai",
};
const anthropic: Host = {
  label: "Anthropic",
  kind: "anthropic",
  url: "https://api.anthropic.com/v1",
  keys: ["ANTHROPIC_API_KEY"],
  prices: "anthropic",
};
const google: Host = {
  label: "Google",
  kind: "google",
  url: "https://generativelanguage.googleapis.com/v1beta",
  keys: ["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY"],
  prices: "google",
};
const ollama = local("Ollama", 11434);
const lmStudio = local("LM Studio", 1234);
const vllm = local("vLLM", 8000);

const hosts: Readonly<Record<string, Host>> = {
  openai,
  anthropic,
  gemini: google,
  google,
  ollama,
  ollama_chat: ollama,
  lm_studio: lmStudio,
  llama_cpp: local("llama.cpp", 8080),
  vllm,
  hosted_vllm: vllm,
  openrouter: compatible("OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "openrouter"),
  deepseek: compatible("DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "deepseek"),
  mistral: {
    ...compatible("Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "mistral"),
    sendsReasoning: false,
  },
  xai: compatible("xAI", "https://api.x.ai/v1", "XAI_API_KEY", "x-ai"),
  groq: { ...compatible("Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "groq"), sendsReasoning: false },
};

/** Servers that people run themselves, on their usual ports: they are looked for when nothing is configured. */
export const localServers: readonly { readonly prefix: string; readonly label: string; readonly url: string }[] = [
  "ollama",
  "lm_studio",
  "llama_cpp",
  "vllm",
].map((prefix) => ({ prefix, ...(hosts[prefix] as Host) }));

function local(label: string, port: number): Host {
  return { label, kind: "compatible", url: `http://127.0.0.1:${port}/v1`, keys: [], prices: null };
}

function compatible(label: string, url: string, key: string, prices: string): Host {
  return { label, kind: "compatible", url, keys: [key], prices };
}

/** Each provider once, by its first prefix. */
export async function knownProviders(env: Naming["env"], configured: ModelChoice): Promise<ModelProvider[]> {
  const seen = new Set<Host>();
  const entries = Object.entries(hosts).filter(([, host]) => !seen.has(host) && seen.add(host));
  const own = configured.name && !configured.baseUrl ? hostOf(configured.name, false).host : undefined;
  return await Promise.all(
    entries.map(async ([prefix, host]) => ({
      prefix,
      label: host.label,
      keys: [...host.keys],
      has_key: host.keys.some((key) => env[key]) || (host === own && Boolean(configured.apiKey)),
      local: host.prices === null,
      known: host.prices === null ? [] : [...(await listedModels(host.prices))],
    })),
  );
}

export interface Naming {
  readonly choice: ModelChoice;
  readonly configured: ModelChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Fails with `model_not_found` for a provider that nobody knows, `model_not_configured` where a key is missing. */
export function nameModel({ choice, configured, env }: Naming): NamedModel {
  const name = choice.name || configured.name || "";
  const baseUrl = choice.baseUrl || configured.baseUrl;
  if (name === "demo") return { kind: "demo" };
  if (name.startsWith("scripted/")) return { kind: "scripted", path: name.slice("scripted/".length) };
  if (baseUrl !== undefined && baseUrl !== "") {
    // A configured key belongs to the configured address: who names another one brings a key, or none is sent.
    const apiKey = choice.apiKey || (baseUrl === configured.baseUrl ? configured.apiKey : undefined);
    return { kind: "address", address: atBaseUrl(name, baseUrl, apiKey || undefined) };
  }
  if (name === "") return { kind: "discover" };
  const { host, model } = hostOf(name);
  const configuredFor = configured.name ? hostOf(configured.name, false).host : host;
  const own = host.keys.map((key) => env[key]).find((value) => value !== undefined && value !== "");
  const apiKey = choice.apiKey || (configuredFor === host ? configured.apiKey : undefined) || own;
  const keyNames = ["LLM_API_KEY", ...host.keys].join(" or ");
  if (apiKey === undefined && host.keys.length > 0) {
    throw new DeckhandError("model_not_configured", `${name} needs a key of ${host.label}: set ${keyNames}.`);
  }
  return {
    kind: "address",
    address: {
      kind: host.kind,
      label: host.label,
      priced: { provider: host.prices, model, baseUrl: host.url, free: host.prices === null },
      model,
      baseUrl: host.url,
      apiKey: host.keys.length > 0 ? apiKey : choice.apiKey,
      keyNames,
      sendsReasoning: host.sendsReasoning ?? true,
    },
  };
}

/** The address of a server that was found, or is named by a URL alone. */
export function atBaseUrl(name: string, baseUrl: string, apiKey: string | undefined): ModelAddress {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new DeckhandError("model_not_configured", "LLM_BASE_URL is not an http or https URL.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new DeckhandError("model_not_configured", "A key does not belong into LLM_BASE_URL: set LLM_API_KEY.");
  }
  const [prefix = "", ...rest] = name.split("/");
  const host = rest.length > 0 ? hosts[prefix] : undefined;
  // `anthropic/claude-…` and `google/gemini-…` are what gateways such as OpenRouter call these models.
  const strip = host !== undefined && (host.kind === "openai" || host.kind === "compatible");
  // Whoever names Ollama by its own address leaves the path out, as its own API does; its models are under /v1.
  const bare = (host === ollama || host === lmStudio) && url.pathname === "/";
  const model = strip ? rest.join("/") : name;
  const free = host?.prices === null;
  return {
    kind: "compatible",
    label: host === undefined || !strip ? "The model server" : host.label,
    priced: {
      provider: free ? null : (host?.prices ?? soldBy(name)),
      model: host === undefined ? name : rest.join("/"),
      baseUrl,
      free,
    },
    model,
    baseUrl: bare ? new URL("/v1", url).href : baseUrl,
    apiKey,
    keyNames: "LLM_API_KEY",
    sendsReasoning: host?.sendsReasoning ?? true,
  };
}

/** Whose price a name has behind a gateway: these models run nowhere else. */
function soldBy(name: string): string | null {
  if (/^(gpt-(?!oss)|chatgpt|o\d)/.test(name)) return "openai";
  if (name.startsWith("claude-")) return "anthropic";
  return name.startsWith("gemini-") ? "google" : null;
}

/** `strict`: an unknown provider fails. Otherwise it counts as OpenAI, which only says whose key a key is. */
function hostOf(name: string, strict = true): { readonly host: Host; readonly model: string } {
  const [prefix = "", ...rest] = name.split("/");
  if (rest.length === 0) {
    if (name.startsWith("claude")) return { host: anthropic, model: name };
    return { host: name.startsWith("gemini") ? google : openai, model: name };
  }
  const host = hosts[prefix];
  if (host !== undefined) return { host, model: rest.join("/") };
  if (!strict) return { host: openai, model: name };
  const known = Object.keys(hosts).join(", ");
  throw new DeckhandError(
    "model_not_found",
    `No provider is called ${prefix}. Known are ${known}. For another OpenAI-compatible server set LLM_BASE_URL.`,
  );
}

/**
 * Whether images are sent. Known families of the three big providers, also behind a gateway's prefix, and names that say
 * vision; anything else counts as text only, since a server that cannot read images refuses the whole request.
 */
export function takesImages(model: string): boolean {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  if (/^(gpt-3|gpt-4(-0|-32k|$)|o1-mini|o1-preview|o3-mini|claude-(2|instant)|gemini-1\.0|gpt-oss)/.test(name))
    return false;
  if (/^(gpt-4|gpt-[5-9]|chatgpt-4o|o[1-9]|claude-|gemini-)/.test(name)) return true;
  return /(^|[-_.:0-9])vl([-_.:]|$)|vision|llava|pixtral|gemma-?3|llama-?4|internvl|minicpm-v/.test(name);
}
