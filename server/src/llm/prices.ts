/** Prices and context windows, from the price list bundled with @pydantic/genai-prices: no network. */
import type { ModelPrice, Usage } from "@deckhand/protocol";

export interface Pricing {
  /** The provider's id in the price list; null: look it up by the URL. */
  readonly provider: string | null;
  readonly model: string;
  readonly baseUrl: string;
  /** The model is self-hosted. */
  readonly isFree: boolean;
  /** From models.json; takes precedence over the price list. */
  readonly price?: { readonly input: number; readonly output: number; readonly cached_input?: number | undefined };
}

type CalcPrice = typeof import("@pydantic/genai-prices").calcPrice;
let calcPrice: CalcPrice | undefined;

/** The list is some 800 kB of source, so it is loaded when the first price is needed, or while the server is idle. */
export async function loadPrices(): Promise<void> {
  calcPrice ??= (await import("@pydantic/genai-prices")).calcPrice;
}

/**
 * Null if the price is unknown. Input read from the provider's cache, or written to it, has its own price. A server on
 * this machine without a known price is free.
 */
export async function costOf(
  { provider, model, baseUrl, isFree, price: ownPrice }: Pricing,
  usage: Usage,
  now: Date,
): Promise<number | null> {
  const cacheRead = Math.min(usage.cached_input, usage.input);
  if (ownPrice !== undefined) {
    const cached = cacheRead * (ownPrice.cached_input ?? ownPrice.input);
    return ((usage.input - cacheRead) * ownPrice.input + cached + usage.output * ownPrice.output) / 1_000_000;
  }
  if (isFree) return 0;
  await loadPrices();
  const tokens = {
    input_tokens: usage.input,
    cache_read_tokens: cacheRead,
    cache_write_tokens: Math.min(usage.cache_write, usage.input - cacheRead),
    output_tokens: usage.output,
  };
  const where = provider === null ? { providerApiUrl: baseUrl } : { providerId: provider };
  const price = calcPrice?.(tokens, model, { ...where, timestamp: now });
  if (price !== null && price !== undefined) return price.total_price;
  return provider === null && isLoopback(baseUrl) ? 0 : null;
}

export interface PriceListEntry {
  /** Null if the list does not say. */
  readonly contextTokens: number | null;
  /** Dollars per million tokens of a short request; null if the model is not in the list. */
  readonly price: ModelPrice | null;
}

/** What the list says about a model. */
export async function priceListEntry(
  { provider, model, baseUrl, isFree, price: given }: Pricing,
  now: Date,
): Promise<PriceListEntry> {
  await loadPrices();
  const where = provider === null ? { providerApiUrl: baseUrl } : { providerId: provider };
  const found = calcPrice?.({ input_tokens: 1 }, model, { ...where, timestamp: now });
  const isFreeHere = isFree || (provider === null && isLoopback(baseUrl));
  const own =
    given === undefined
      ? isFreeHere
        ? { input: 0, output: 0, cached_input: null }
        : null
      : { ...given, cached_input: given.cached_input ?? null };
  if (found === null || found === undefined) return { contextTokens: null, price: own };
  const { model_price: price } = found;
  const input = firstTier(price["input_mtok"]);
  const output = firstTier(price["output_mtok"]);
  return {
    contextTokens: found.model.context_window ?? null,
    price:
      own ??
      (input === null || output === null ? null : { input, output, cached_input: firstTier(price["cache_read_mtok"]) }),
  };
}

/** The chat models in the list that are still offered. */
export async function priceListModels(provider: string): Promise<readonly string[]> {
  const { findProvider } = await import("@pydantic/genai-prices");
  const found = findProvider({ providerId: provider });
  return (
    (found?.models ?? [])
      .filter(({ deprecated, prices }) => deprecated !== true && hasOutput(prices))
      // Bedrock's models are listed once for all regions; `us.` is one that works.
      .map(({ id }) => id.replace(/^regional\./, "us."))
      .filter(
        (id) =>
          !/embed|whisper|tts|audio|realtime|transcribe|image|moderation|rerank|davinci|babbage|curie|^ada$|deep-research|-live-|claude-(v1|2|instant)|^~|^ft:/i.test(
            id,
          ),
      )
  );
}

type Prices = NonNullable<ReturnType<typeof import("@pydantic/genai-prices").findProvider>>["models"][number]["prices"];

function hasOutput(prices: Prices): boolean {
  return (Array.isArray(prices) ? prices.map((one) => one.prices) : [prices]).some((one) => "output_mtok" in one);
}

/** Long requests may cost more per token. */
function firstTier(price: number | { readonly base: number } | undefined): number | null {
  return typeof price === "object" ? price.base : (price ?? null);
}

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
