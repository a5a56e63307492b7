/** How much a model can read: what is configured, what the price list says, or what the server says that runs it. */
import { loadedContextTokens, servedContextTokens } from "../local/discover.ts";
import { priceListEntry } from "../prices.ts";
import type { ModelAddress } from "../providers/provider.ts";

/** A server that has not said by then is not waited for: the model will say when it is too much. */
const patienceMs = 1000;

/** Tokens of a request and its reply together; null where nobody says. */
export async function contextTokensOf(
  { pricing, provider, model, baseUrl, apiKey }: ModelAddress,
  { configured, fetch }: { readonly configured: number | undefined; readonly fetch: typeof globalThis.fetch },
): Promise<number | null> {
  if (configured !== undefined) return configured;
  const { contextTokens } = await priceListEntry(pricing, new Date());
  if (contextTokens !== null || !provider.isCompatible) return contextTokens;
  const how = { fetch, baseUrl, apiKey, timeoutMs: patienceMs };
  if (provider.loadedModels !== undefined) return loadedContextTokens(model, { ...how, ...provider.loadedModels });
  return servedContextTokens(model, how);
}
