/**
 * One model call: the parts of the provider package's stream become deltas and, at the end, the reply.
 *
 * A reply counts only when its end has arrived. A stream that stops without one was interrupted, and everything
 * received so far is discarded: half a tool call must not run.
 */
import { AISDKError } from "@ai-sdk/provider";
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { Usage } from "@deckhand/protocol";
import {
  callTimedOut,
  failureOf,
  ModelFailure,
  plainUrl,
  streamInterrupted,
  type FailureContext,
} from "../failures/model-failure.ts";
import type { ModelProgress, ModelReply } from "../model.ts";
import { costOf, type Pricing } from "../prices.ts";
import type { Provider } from "../providers/provider.ts";
import { watch } from "./connection.ts";
import { ReplyCollector, type Finish } from "./reply-collector.ts";

export interface CallOptions {
  readonly model: LanguageModelV4;
  readonly options: LanguageModelV4CallOptions;
  readonly pricing: Pricing;
  readonly context: FailureContext;
  readonly echoedMetadata: Provider["echoedMetadata"];
  readonly timeoutMs: number;
}

/** Fails with a `ModelFailure`, or with the signal's reason as soon as it aborts. Either way the request is closed. */
export async function* callModel(
  { model, options, pricing, context, echoedMetadata, timeoutMs }: CallOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelProgress, ModelReply> {
  const startedAt = performance.now();
  const end = new AbortController();
  const onAbort = () => end.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const watching = watch(timeoutMs, end);
  // The provider package may ignore the signal, so every wait below races against it.
  const aborted = new Promise<never>((_, reject) => {
    end.signal.addEventListener("abort", () => reject(end.signal.reason as Error), { once: true });
  });
  aborted.catch(() => {});
  let isComplete = false;
  let reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | undefined;
  try {
    signal.throwIfAborted();
    const answer = Promise.resolve(model.doStream({ ...options, abortSignal: end.signal }));
    // An answer that arrives after the abort is closed; if it fails then, nobody needs to know.
    answer.then(
      (late) => void (end.signal.aborted && late.stream.cancel().catch(() => {})),
      () => {},
    );
    const { stream, response } = await Promise.race([answer, aborted]);
    if (/\bhtml\b/.test(response?.headers?.["content-type"] ?? "")) throw notModelServer(context);
    reader = stream.getReader();
    const collector = new ReplyCollector();
    let firstTokenMs: number | null = null;
    for (;;) {
      const { done, value: part } = await Promise.race([read(reader, context), aborted]);
      isComplete = done;
      if (done) break;
      watching.part();
      if (part.type === "error") throw failureOf(part.error, context);
      const delta = collector.take(part);
      if (delta === undefined) continue;
      firstTokenMs ??= performance.now() - startedAt;
      if (delta.text !== "") yield { type: "delta", delta };
    }
    const { parts, finish } = collector.reply(context, echoedMetadata);
    const usage = usageOf(finish);
    const costUsd =
      finish.usage.inputTokens.total === undefined && !pricing.isFree ? null : await costOf(pricing, usage, new Date());
    return { parts, finishReason: finish.finishReason.unified, usage, costUsd, firstTokenMs };
  } catch (error) {
    signal.throwIfAborted();
    throw watching.timedOut ? callTimedOut(context, timeoutMs) : failureOf(error, context);
  } finally {
    watching.stop();
    signal.removeEventListener("abort", onAbort);
    // Closes the connection of a stream that was not read to its end.
    if (!isComplete) {
      reader?.cancel().catch(() => {});
      end.abort();
    }
  }
}

/**
 * A read error is an interrupted stream, whatever the decoder calls it: an error from the provider arrives as a part.
 */
async function read<T>(
  reader: ReadableStreamDefaultReader<T>,
  context: FailureContext,
): ReturnType<typeof reader.read> {
  try {
    return await reader.read();
  } catch (error) {
    throw AISDKError.isInstance(error) ? error : streamInterrupted(context, error);
  }
}

function usageOf({ usage: { inputTokens, outputTokens } }: Finish): Usage {
  return {
    input: count(inputTokens.total),
    output: count(outputTokens.total),
    cached_input: count(inputTokens.cacheRead),
    cache_write: count(inputTokens.cacheWrite),
    reasoning: count(outputTokens.reasoning),
  };
}

function count(tokens: number | undefined): number {
  return tokens !== undefined && tokens > 0 ? Math.trunc(tokens) : 0;
}

function notModelServer(context: FailureContext): ModelFailure {
  return new ModelFailure(
    "model_bad_request",
    `${plainUrl(context.baseUrl)} is a web page, not a model server. Check the base URL: it often ends in /v1.`,
  );
}
