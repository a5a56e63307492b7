/** Trying a model call again: what passes by itself is waited for, and everybody who follows is told why. */
import { setTimeout as sleep } from "node:timers/promises";
import { ModelFailure } from "./failures/model-failure.ts";
import type { ModelProgress, ModelReply } from "./model.ts";

export interface RetryOptions {
  readonly retries: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Another model stands by: what does not pass soon is not waited for. */
  readonly hasFallback?: boolean;
}

/** A provider that wants a longer pause is not waited for: the failure says when to come back. */
const longestWaitMs = 60_000;
/** Where another model stands by. */
const longestWaitBesideMs = 10_000;
const mostRetriesBeside = 2;
const firstWaitMs = 500;
/** Limits on the rate are counted by the minute, so that the waits have to reach over one. */
const firstRateWaitMs = 2_000;
const longestBackoffMs = 32_000;

/**
 * Runs `attempt` until it replies, at most `retries` times more. What an attempt has already shown before it failed is lost: the
 * reply starts anew. Fails with the last failure, or with the signal's reason at once.
 */
export async function* withRetries(
  attempt: () => AsyncGenerator<ModelProgress, ModelReply>,
  { retries: allowed, random, hasFallback = false }: RetryOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelProgress, ModelReply> {
  const retries = hasFallback ? Math.min(allowed, mostRetriesBeside) : allowed;
  const patienceMs = hasFallback ? longestWaitBesideMs : longestWaitMs;
  for (let tried = 0; ; tried += 1) {
    signal.throwIfAborted();
    let failure: ModelFailure;
    try {
      return yield* attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ModelFailure)) throw error;
      failure = error;
    }
    if (!failure.isTransient) throw failure;
    if (hasFallback && failure.isUnreachable) throw failure;
    if (failure.retryAfterMs !== null && failure.retryAfterMs > patienceMs)
      throw comeBackLater(failure, failure.retryAfterMs);
    if (tried >= retries) throw tried === 0 ? failure : givenUp(failure, tried);
    const waitMs = retryWaitMs(failure, tried, random);
    const message = `${failure.message} Trying again in ${duration(waitMs)} (${tried + 1} of ${retries}).`;
    yield { type: "retry", code: failure.code, message, reason: failure.message, attempt: tried + 1, waitMs };
    await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** What the provider said, or twice as long each time. Half of that is by chance: conversations that failed together must not come back together. */
export function retryWaitMs(failure: ModelFailure, tried: number, random: () => number): number {
  if (failure.retryAfterMs !== null && failure.retryAfterMs > 0) return Math.round(failure.retryAfterMs);
  const first = failure.code === "model_rate_limited" ? firstRateWaitMs : firstWaitMs;
  return Math.round(Math.min(longestBackoffMs, first * 2 ** tried) * (0.5 + random() / 2));
}

function comeBackLater(failure: ModelFailure, waitMs: number): ModelFailure {
  return new ModelFailure(failure.code, `${failure.message} It says to come back in ${duration(waitMs)}.`, {
    cause: failure,
    retryAfterMs: waitMs,
  });
}

function givenUp(failure: ModelFailure, tried: number): ModelFailure {
  return new ModelFailure(
    failure.code,
    `${failure.message} Given up after ${tried} ${tried === 1 ? "retry" : "retries"}.`,
    {
      cause: failure,
    },
  );
}

function duration(ms: number): string {
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
