/** Delays between reconnects: random between a minimum and a ceiling that doubles, so that clients spread out. */
export interface RetryOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** 0 ≤ x < 1, as `Math.random`. */
  readonly random: () => number;
}

export const defaultRetry: RetryOptions = { minMs: 500, maxMs: 30_000, random: Math.random };

/** `attempt` counts from 0. */
export function retryDelayMs(attempt: number, { minMs, maxMs, random }: RetryOptions): number {
  // The first ceiling is twice the minimum; otherwise the first delays would not be spread.
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt + 1, 30));
  return Math.round(minMs + random() * Math.max(0, ceilingMs - minMs));
}
