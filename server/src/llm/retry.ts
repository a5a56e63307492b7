/** Retries a model call after transient failures, and reports each retry with its reason. */
import { setTimeout as sleep } from "node:timers/promises";
import { ModelFailure } from "./failures/model-failure.ts";
import type { ModelProgress, ModelReply } from "./model.ts";

export interface RetryOptions {
  readonly retries: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Another model is ready to take over, so long waits are not worth it. */
  readonly hasFallback?: boolean;
}

/** If a provider asks for a longer wait, the call fails, and its message says when to try again. */
const maxWaitMs = 60_000;
/** With a fallback. */
const maxWaitWithFallbackMs = 10_000;
const maxRetriesWithFallback = 2;
const firstWaitMs = 500;
/** Rate limits apply per minute, so the waits together have to exceed one. */
const firstRateWaitMs = 2_000;
const maxBackoffMs = 32_000;

/**
 * Runs `attempt` until it replies, with at most `retries` retries. Deltas of a failed attempt are void: the reply
 * starts over. Fails with the last failure, or with the signal's reason as soon as it aborts.
 */
export async function* withRetries(
  attempt: () => AsyncGenerator<ModelProgress, ModelReply>,
  { retries: configured, random, hasFallback = false }: RetryOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelProgress, ModelReply> {
  const retries = hasFallback ? Math.min(configured, maxRetriesWithFallback) : configured;
  const longestWaitMs = hasFallback ? maxWaitWithFallbackMs : maxWaitMs;
  for (let retried = 0; ; retried += 1) {
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
    if (failure.retryAfterMs !== null && failure.retryAfterMs > longestWaitMs)
      throw tryLater(failure, failure.retryAfterMs);
    if (retried >= retries) throw retried === 0 ? failure : gaveUp(failure, retried);
    const waitMs = retryWaitMs(failure, retried, random);
    const message = `${failure.message} Retrying in ${duration(waitMs)} (${retried + 1} of ${retries}).`;
    yield { type: "retry", code: failure.code, message, reason: failure.message, attempt: retried + 1, waitMs };
    await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/**
 * The wait that the provider asked for, or twice as long each time. Half of it is random: conversations that failed at
 * the same time must not retry at the same time.
 */
export function retryWaitMs(failure: ModelFailure, retried: number, random: () => number): number {
  if (failure.retryAfterMs !== null && failure.retryAfterMs > 0) return Math.round(failure.retryAfterMs);
  const first = failure.code === "model_rate_limited" ? firstRateWaitMs : firstWaitMs;
  return Math.round(Math.min(maxBackoffMs, first * 2 ** retried) * (0.5 + random() / 2));
}

function tryLater(failure: ModelFailure, waitMs: number): ModelFailure {
  return new ModelFailure(failure.code, `${failure.message} Try again in ${duration(waitMs)}.`, {
    cause: failure,
    retryAfterMs: waitMs,
  });
}

function gaveUp(failure: ModelFailure, retried: number): ModelFailure {
  return new ModelFailure(
    failure.code,
    `${failure.message} Gave up after ${retried} ${retried === 1 ? "retry" : "retries"}.`,
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
