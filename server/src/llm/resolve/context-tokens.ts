/** The context window of a model: as configured, from the price list, or from the server that runs it. */
import { loadedContextTokens, servedContextTokens } from "../local/discover.ts";
import { priceListEntry } from "../prices.ts";
import type { ModelAddress } from "../providers/provider.ts";

/** A server that takes longer is not waited for: the model will report a conversation that is too long. */
const lookupTimeoutMs = 2_000;

interface ContextTokensOptions {
  readonly configured: number | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs?: number | undefined;
}

/** Tokens of a request and its reply together; null if unknown. */
export async function contextTokensOf(
  { pricing, provider, model, baseUrl, apiKey }: ModelAddress,
  { configured, fetch, timeoutMs = lookupTimeoutMs }: ContextTokensOptions,
): Promise<number | null> {
  if (configured !== undefined) return configured;
  const { contextTokens } = await priceListEntry(pricing, new Date());
  if (contextTokens !== null || !provider.isCompatible) return contextTokens;
  const request = { fetch, baseUrl, apiKey, timeoutMs };
  if (provider.loadedModels !== undefined) return loadedContextTokens(model, { ...request, ...provider.loadedModels });
  return servedContextTokens(model, request);
}
