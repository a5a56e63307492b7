/** What a reply costs and how much a model reads, from the price list that @pydantic/genai-prices carries: no network. */
import type { ModelPrice, Usage } from "@deckhand/protocol";

export interface Pricing {
  /** The provider in the price list; null: it is looked up by the address. */
  readonly provider: string | null;
  readonly model: string;
  readonly baseUrl: string;
  /** Runs on a machine of one's own. */
  readonly isFree: boolean;
  /** What was said of it goes before the list. */
  readonly price?: { readonly input: number; readonly output: number; readonly cached_input?: number | undefined };
}

type CalcPrice = typeof import("@pydantic/genai-prices").calcPrice;
let calcPrice: CalcPrice | undefined;

/** The list is some 800 kB of source, so it is read when the first price is needed, or while the server is idle. */
export async function loadPrices(): Promise<void> {
  calcPrice ??= (await import("@pydantic/genai-prices")).calcPrice;
}

/**
 * Null where the price is not known. Input read from the provider's cache, or written to it, has its own price. What answers on
 * this machine and has no known price is free.
 */
export async function costOf(
  { provider, model, baseUrl, isFree, price: own }: Pricing,
  usage: Usage,
  now: Date,
): Promise<number | null> {
  const cacheRead = Math.min(usage.cached_input, usage.input);
  if (own !== undefined) {
    const cached = cacheRead * (own.cached_input ?? own.input);
    return ((usage.input - cacheRead) * own.input + cached + usage.output * own.output) / 1_000_000;
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
  /** Tokens that the model can read; null where the list does not say. */
  readonly contextTokens: number | null;
  /** Dollars for a million tokens of a short request; null where it is not in the list. */
  readonly price: ModelPrice | null;
}

/** What the list has of a model. */
export async function priceListEntry(
  { provider, model, baseUrl, isFree, price: said }: Pricing,
  now: Date,
): Promise<PriceListEntry> {
  await loadPrices();
  const where = provider === null ? { providerApiUrl: baseUrl } : { providerId: provider };
  const found = calcPrice?.({ input_tokens: 1 }, model, { ...where, timestamp: now });
  const nothing = isFree || (provider === null && isLoopback(baseUrl));
  const own =
    said === undefined
      ? nothing
        ? { input: 0, output: 0, cached_input: null }
        : null
      : { ...said, cached_input: said.cached_input ?? null };
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

/** Names in the list that are still sold, without those that do not chat. */
export async function priceListModels(provider: string): Promise<readonly string[]> {
  const { findProvider } = await import("@pydantic/genai-prices");
  const found = findProvider({ providerId: provider });
  return (
    (found?.models ?? [])
      .filter(({ deprecated, prices }) => deprecated !== true && hasOutput(prices))
      // Bedrock's are listed once for all its regions, and named after one.
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

/** Long requests may cost more a token. */
function firstTier(price: number | { readonly base: number } | undefined): number | null {
  return typeof price === "object" ? price.base : (price ?? null);
}

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
