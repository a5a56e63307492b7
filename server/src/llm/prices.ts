/** What a reply costs and how much a model reads, from the price list that @pydantic/genai-prices carries: no network. */
import type { Usage } from "@deckhand/protocol";

export interface Priced {
  /** The provider in the price list; null: it is looked up by the address. */
  readonly provider: string | null;
  readonly model: string;
  readonly baseUrl: string;
  /** Runs on a machine of one's own. */
  readonly free: boolean;
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
  { provider, model, baseUrl, free }: Priced,
  usage: Usage,
  now: Date,
): Promise<number | null> {
  if (free) return 0;
  await loadPrices();
  const cacheRead = Math.min(usage.cached_input, usage.input);
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

/** Tokens that the model can read, from the same list; null where it is not in it. */
export async function listedContextTokens({ provider, model, baseUrl }: Priced, now: Date): Promise<number | null> {
  await loadPrices();
  const where = provider === null ? { providerApiUrl: baseUrl } : { providerId: provider };
  return calcPrice?.({ input_tokens: 1 }, model, { ...where, timestamp: now })?.model.context_window ?? null;
}

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
