/**
 * The AI SDK's provider packages, imported when a model of theirs is first used: none costs anything at start. The provider
 * layer alone is used; the loop, retries and tools are ours.
 */
import type { LanguageModelV4, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { Model, ModelProgress, ModelReply, ModelRequest } from "../model.ts";
import { loadPrices } from "../prices.ts";
import { withRetries } from "../retry.ts";
import { watchedFetch } from "./connection.ts";
import { takesImages } from "./names.ts";
import type { ModelAddress } from "./names.ts";
import { promptWriter } from "./prompt.ts";
import { callModel } from "./stream.ts";
import { withToolCalling, type ToolCalling } from "../text-tools/text-tools.ts";

export interface CallLimits {
  readonly retries: number;
  /** Silence after which a call is given up. */
  readonly timeoutMs: number;
  /** In [0, 1), for the waits between retries. */
  readonly random: () => number;
  readonly fetch: typeof globalThis.fetch;
  /** Whether models call tools by themselves or are told of them in words; `auto` by default. */
  readonly toolCalling?: ToolCalling;
}

export interface ModelTraits {
  /** See `Model`. */
  readonly contextTokens?: number | null;
}

/** The model at an address. Nothing is loaded or asked before the first reply. */
export function modelAt(name: string, address: ModelAddress, limits: CallLimits, traits: ModelTraits = {}): Model {
  const images = takesImages(address.model);
  const write = promptWriter({
    takesImages: images,
    sendsReasoning: address.sendsReasoning,
    anthropic: address.kind === "anthropic",
  });
  const fetch = watchedFetch(limits.fetch);
  let model: LanguageModelV4 | undefined;

  async function* attempt(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    model ??= await providerModel(address, fetch);
    const call = { model, write, providerOptions: optionsOf(address), priced: address.priced, context: address };
    return yield* callModel({ ...call, timeoutMs: limits.timeoutMs }, request, signal);
  }

  const plain: Model = {
    name,
    takesImages: images,
    ...traits,
    reply: (request, signal) => withRetries(() => attempt(request, signal), limits, signal),
  };
  return withToolCalling(plain, limits.toolCalling ?? "auto");
}

/** Imports what the first call of such a model needs. */
export async function loadProvider(kind: ModelAddress["kind"]): Promise<void> {
  await Promise.all([loadPrices(), packages[kind]()]);
}

const packages = {
  openai: () => import("@ai-sdk/openai"),
  anthropic: () => import("@ai-sdk/anthropic"),
  google: () => import("@ai-sdk/google"),
  compatible: () => import("@ai-sdk/openai-compatible"),
};

/** The URL is always given: the packages would take another one from the environment. */
async function providerModel(address: ModelAddress, fetch: typeof globalThis.fetch): Promise<LanguageModelV4> {
  const { model, baseUrl: baseURL, apiKey } = address;
  const keyed = { baseURL, fetch, apiKey: apiKey ?? "" };
  switch (address.kind) {
    // Responses, not chat: it alone takes a model's reasoning back between the steps of a turn.
    case "openai":
      return (await packages.openai()).createOpenAI(keyed).responses(model);
    case "anthropic":
      return (await packages.anthropic()).createAnthropic(keyed)(model);
    case "google":
      return (await packages.google()).createGoogle(keyed)(model);
    case "compatible": {
      const { createOpenAICompatible } = await packages.compatible();
      const key = apiKey === undefined ? {} : { apiKey };
      return createOpenAICompatible({ name: "compatible", baseURL, fetch, includeUsage: true, ...key }).chatModel(
        model,
      );
    }
  }
}

/** Nothing of a conversation stays at the provider; reasoning comes back encrypted instead. */
function optionsOf({ kind }: ModelAddress): SharedV4ProviderOptions | undefined {
  return kind === "openai" ? { openai: { store: false } } : undefined;
}
