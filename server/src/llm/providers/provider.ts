/**
 * A provider is one file of this folder and its recordings: how its models are named, where they are asked, and with what
 * words of its own. What is the same for all stands in load.ts, prompt.ts, stream.ts and failure.ts.
 */
import type { LanguageModelV4, SharedV4ProviderMetadata, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ModelRequest } from "../model.ts";
import type { Pricing } from "../prices.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface Provider {
  /** As in `openai/gpt-5`; people are shown the first. */
  readonly prefixes: readonly [string, ...string[]];
  readonly label: string;
  /** Variables that have its key; the first that is set counts. None: it asks for no key. */
  readonly keyVariables: readonly string[];
  /** In the price list; null: it runs on machines of one's own. */
  readonly priceListId: string | null;
  /** It speaks OpenAI's chat completions, as any server at an address that somebody names does. */
  readonly isCompatible: boolean;
  /** Fails with `model_not_configured` where that has to be said by a variable. */
  url(env: Env): string;
  /** What it needs beside key and address. */
  extra?(env: Env): Readonly<Record<string, string>>;
  /** Imports its package; nothing of it costs anything before. */
  load(): Promise<unknown>;
  connect(address: ModelAddress, fetch: typeof globalThis.fetch): Promise<LanguageModelV4>;
  messageFormat(model: string): MessageFormat;
  /** Its own options of a call, by the name under which its package looks for them. */
  options?(request: ModelRequest, address: ModelAddress): SharedV4ProviderOptions;
  /** Where its own API says what a model that is loaded reads, which its list of models does not. */
  readonly loadedModels?: {
    readonly path: string;
    readonly contextTokens: (answer: unknown, model: string) => unknown;
  };
  /** What of the end of a stream has to come back with the message that the reply becomes, for its package. */
  echoedMetadata?(metadata: SharedV4ProviderMetadata): SharedV4ProviderOptions | undefined;
}

/** How our messages are written for it. */
export interface MessageFormat {
  readonly sendsReasoning: boolean;
  /** Where the provider caches up to marks: the mark, as its package wants it. */
  readonly cacheMark: SharedV4ProviderOptions | null;
  /** No text that is only white space is sent, and failed results are marked as failed. */
  readonly strict: boolean;
  /** Arguments of calls go back as objects; as the text that they came in by default. */
  readonly parsesArguments?: boolean;
}

/** Where a model is asked, and how. */
export interface ModelAddress {
  readonly provider: Provider;
  /** For people. */
  readonly label: string;
  /** What it costs. */
  readonly pricing: Pricing;
  /** The provider's name for the model; empty: the first that it lists. */
  readonly model: string;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly extra: Readonly<Record<string, string>>;
  /** Where a key would come from, for people. */
  readonly keyNames: string;
  /** Somebody said that it thinks, where its name does not. */
  readonly isReasoning?: boolean;
}

export const defaultFormat: MessageFormat = { sendsReasoning: true, cacheMark: null, strict: false };

/** The first of the variables that is set. */
export function firstSet(env: Env, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}
