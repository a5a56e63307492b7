/**
 * A provider is a file in adapters/ and its recordings: its names, URL and keys, and where its API differs from the
 * others. What all providers share is in ../call.
 */
import type { LanguageModelV4, SharedV4ProviderMetadata, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ModelRequest } from "../model.ts";
import type { Pricing } from "../prices.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface Provider {
  /** As in `openai/gpt-5`; the first is shown to users. */
  readonly prefixes: readonly [string, ...string[]];
  readonly label: string;
  /** Environment variables for its key; the first that is set counts. Empty: it needs no key. */
  readonly keyVariables: readonly string[];
  /** Null: self-hosted. */
  readonly priceListId: string | null;
  /** It speaks OpenAI's chat completions, so it can be at any base URL. */
  readonly isCompatible: boolean;
  /** Fails with `model_not_configured` if a variable for it is missing. */
  url(env: Env): string;
  /** What it needs in addition to key and URL. */
  extra?(env: Env): Readonly<Record<string, string>>;
  /** Imports its package, which nothing does earlier. */
  load(): Promise<unknown>;
  connect(address: ModelAddress, fetch: typeof globalThis.fetch): Promise<LanguageModelV4>;
  messageFormat(model: string): MessageFormat;
  /** Provider-specific options of a call, under the name that its package expects. */
  options?(request: ModelRequest, address: ModelAddress): SharedV4ProviderOptions;
  /** Where its own API reports the context window of a loaded model, if its list of models does not. */
  readonly loadedModels?: {
    readonly path: string;
    readonly contextTokens: (answer: unknown, model: string) => unknown;
  };
  /** Metadata from the end of a stream that has to be sent back with the message, as its package expects it. */
  echoedMetadata?(metadata: SharedV4ProviderMetadata): SharedV4ProviderOptions | undefined;
}

/** How our messages are converted for a provider. */
export interface MessageFormat {
  readonly sendsReasoning: boolean;
  /** The mark up to which the provider caches, as its package expects it; null: no marks. */
  readonly cacheMark: SharedV4ProviderOptions | null;
  /** Rejects text that is only white space, and accepts a mark on failed results. */
  readonly strict: boolean;
  /** Call arguments are sent back as objects; by default as the text they arrived in. */
  readonly parsesArguments?: boolean;
}

/** Where to call a model, and how. */
export interface ModelAddress {
  readonly provider: Provider;
  /** Shown to users. */
  readonly label: string;
  readonly pricing: Pricing;
  /** The provider's name for the model; empty: the first one it lists. */
  readonly model: string;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly extra: Readonly<Record<string, string>>;
  /** Where a key is configured, shown to users. */
  readonly keyNames: string;
  /** Declared in models.json, for a name that does not tell. */
  readonly isReasoning?: boolean;
}

export const defaultFormat: MessageFormat = { sendsReasoning: true, cacheMark: null, strict: false };

/** The first non-empty value of the variables. */
export function firstSet(env: Env, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}
