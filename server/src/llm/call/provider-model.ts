/**
 * A model at an address: its provider's package, imported on the first call, with our retries and tool calling around
 * it.
 */
import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { ReasoningEffort } from "@deckhand/protocol";
import type { Model, ModelProgress, ModelReply, ModelRequest } from "../model.ts";
import { loadPrices } from "../prices.ts";
import { withRetries } from "../retry.ts";
import { withToolCalling, type ToolCalling } from "../text-tools/text-tools.ts";
import { loadDispatcher, watchedFetch } from "./connection.ts";
import { promptWriter } from "./prompt.ts";
import type { ModelAddress, Provider } from "../providers/provider.ts";
import { callModel } from "./stream.ts";

export interface CallLimits {
  readonly retries: number;
  /** A call fails after this long without data. */
  readonly timeoutMs: number;
  /** In [0, 1), for the waits between retries. */
  readonly random: () => number;
  readonly fetch: typeof globalThis.fetch;
  /** Another model is ready to take over, so long waits are not worth it. */
  readonly hasFallback?: boolean;
}

export interface ModelTraits {
  readonly takesImages: boolean;
  readonly contextTokens?: number | null;
  readonly maxOutputTokens?: number | null;
  readonly reasoningEffort?: ReasoningEffort | undefined;
  /** `auto` by default. */
  readonly toolCalling?: ToolCalling;
}

/** Loads nothing and sends nothing before the first call. */
export function createProviderModel(
  name: string,
  address: ModelAddress,
  limits: CallLimits,
  traits: ModelTraits,
): Model {
  const { provider, pricing } = address;
  const { takesImages, contextTokens, reasoningEffort: reasoning } = traits;
  const write = promptWriter({ ...provider.messageFormat(address.model), name, takesImages });
  let model: LanguageModelV4 | undefined;

  async function* attempt(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    model ??= await provider.connect(address, watchedFetch(limits.fetch, await loadDispatcher()));
    const maxOutputTokens = request.maxOutputTokens ?? traits.maxOutputTokens ?? undefined;
    const options = {
      ...write(request),
      ...(provider.options && { providerOptions: provider.options(request, address) }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(reasoning !== undefined && { reasoning }),
    };
    const call = {
      model,
      options,
      pricing,
      context: address,
      echoedMetadata: provider.echoedMetadata,
      timeoutMs: limits.timeoutMs,
    };
    return yield* callModel(call, signal);
  }

  const native: Model = {
    name,
    takesImages,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    reply: (request, signal) => withRetries(() => attempt(request, signal), limits, signal),
  };
  return withToolCalling(native, traits.toolCalling ?? "auto");
}

/** Imports what the first call to such a model needs. */
export async function loadProvider(provider: Provider): Promise<void> {
  await Promise.all([loadPrices(), loadDispatcher(), provider.load()]);
}
