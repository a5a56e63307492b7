/**
 * One model call: the provider package's stream parts become deltas and, at its end, the reply.
 *
 * A reply counts only when its end was seen. A stream that stops without one was cut, and what came is thrown away: half a tool
 * call must not be run.
 */
import { AISDKError } from "@ai-sdk/provider";
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import type { ReplyPart, Usage } from "@deckhand/protocol";
import type { ModelProgress, ModelReply } from "../model.ts";
import type { Pricing } from "../prices.ts";
import { costOf } from "../prices.ts";
import { watch } from "./connection.ts";
import {
  streamInterrupted,
  failureOf,
  ModelFailure,
  plainUrl,
  modelRefused,
  callTimedOut,
} from "../failures/model-failure.ts";
import type { FailureContext } from "../failures/model-failure.ts";
import { replyMetadataKey } from "./prompt.ts";
import type { Provider } from "../providers/provider.ts";

export interface CallOptions {
  readonly model: LanguageModelV4;
  readonly options: LanguageModelV4CallOptions;
  readonly pricing: Pricing;
  readonly context: FailureContext;
  readonly echoedMetadata: Provider["echoedMetadata"];
  readonly timeoutMs: number;
}

/** What packages make up that saw no end; what OpenRouter and DeepSeek say when the model did not come to one. */
const cutReasons: ReadonlySet<string | undefined> = new Set([undefined, "error", "insufficient_system_resource"]);

type Finish = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

/** Fails with a `ModelFailure`, or with the signal's reason as soon as it is aborted; the request is closed either way. */
export async function* callModel(
  { model, options, pricing, context, echoedMetadata, timeoutMs }: CallOptions,
  signal: AbortSignal,
): AsyncGenerator<ModelProgress, ModelReply> {
  const started = performance.now();
  const end = new AbortController();
  const onAbort = () => end.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const watching = watch(timeoutMs, end);
  // What is waited for may not look at the signal; nothing here waits longer than it does.
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener("abort", () => reject(end.signal.reason as Error), { once: true });
  });
  ended.catch(() => {});
  let over = false;
  let reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | undefined;
  try {
    signal.throwIfAborted();
    const answer = Promise.resolve(model.doStream({ ...options, abortSignal: end.signal }));
    // An answer that comes after we have left is closed; a failure then is of no interest.
    answer.then(
      (late) => void (end.signal.aborted && late.stream.cancel().catch(() => {})),
      () => {},
    );
    const { stream, response } = await Promise.race([answer, ended]);
    if (/\bhtml\b/.test(response?.headers?.["content-type"] ?? "")) throw noModelServer(context);
    reader = stream.getReader();
    const collected = new Collector();
    let firstTokenMs: number | null = null;
    for (;;) {
      const { done, value: part } = await Promise.race([read(reader, context), ended]);
      over = done;
      if (done) break;
      watching.part();
      if (part.type === "error") throw failureOf(part.error, context);
      const delta = collected.take(part);
      if (delta === undefined) continue;
      firstTokenMs ??= performance.now() - started;
      if (delta.text !== "") yield { type: "delta", delta };
    }
    const { parts, finish } = collected.reply(context, echoedMetadata);
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
    // Closes the connection of a stream that was left before its end.
    if (!over) {
      reader?.cancel().catch(() => {});
      end.abort();
    }
  }
}

/** What breaks while it is read was cut, in whatever words its decoder says so; what the provider says comes as a part. */
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

/** A part that is still written to. */
interface Open {
  readonly type: "text" | "reasoning";
  text: string;
  provider?: unknown;
}

class Collector {
  readonly #parts: ReplyPart[] = [];
  readonly #open = new Map<string, Open>();
  #finish: Finish | undefined;

  /** Keeps the part; returns what of it is shown. An empty text says that the model has begun with something not shown. */
  take(part: LanguageModelV4StreamPart): { readonly of: "reply" | "reasoning"; readonly text: string } | undefined {
    switch (part.type) {
      case "text-start":
      case "reasoning-start":
        this.#begin(part.type === "text-start" ? "text" : "reasoning", part.id, part.providerMetadata);
        return undefined;
      case "text-delta":
        return this.#add("text", part.id, part.delta, part.providerMetadata)
          ? { of: "reply", text: part.delta }
          : undefined;
      case "reasoning-delta":
        return this.#add("reasoning", part.id, part.delta, part.providerMetadata)
          ? { of: "reasoning", text: part.delta }
          : undefined;
      case "text-end":
        this.#add("text", part.id, "", part.providerMetadata);
        return undefined;
      case "reasoning-end":
        this.#add("reasoning", part.id, "", part.providerMetadata);
        return undefined;
      case "tool-input-start":
        return { of: "reply", text: "" };
      case "tool-call":
        this.#parts.push({
          type: "call",
          id: part.toolCallId,
          name: part.toolName,
          arguments: part.input,
          ...(part.providerMetadata && { provider: part.providerMetadata }),
        });
        return { of: "reply", text: "" };
      case "finish":
        this.#finish = part;
        return undefined;
      // Sources, files, raw chunks and what providers run themselves: nothing that we asked for.
      default:
        return undefined;
    }
  }

  reply(
    context: FailureContext,
    echoedMetadata: Provider["echoedMetadata"],
  ): { readonly parts: readonly ReplyPart[]; readonly finish: Finish } {
    const parts = this.#parts.filter((part) => part.type === "call" || part.text !== "" || part.provider !== undefined);
    const text = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    const finish = this.#finish;
    if (finish === undefined) throw streamInterrupted(context);
    switch (finish.finishReason.unified) {
      case "content-filter":
        throw modelRefused(context, text);
      case "interrupted":
        throw streamInterrupted(context);
      case "error":
        throw new ModelFailure("model_bad_reply", `The reply of ${context.model} could not be understood.`, {
          isTransient: true,
        });
      case "other":
        if (cutReasons.has(finish.finishReason.raw)) throw streamInterrupted(context);
        break;
      case "stop":
      case "length":
      case "tool-calls":
        break;
    }
    if (text.trim() === "" && !parts.some((part) => part.type === "call")) {
      const why = finish.finishReason.unified === "length" ? ": it used up its output before it said anything" : "";
      throw new ModelFailure("model_empty_reply", `${context.model} replied with nothing${why}.`, {
        isTransient: true,
      });
    }
    const [first, ...rest] = parts;
    const whole = finish.providerMetadata === undefined ? undefined : echoedMetadata?.(finish.providerMetadata);
    if (first === undefined || whole === undefined) return { parts, finish };
    return {
      parts: [
        { ...first, provider: { ...(first.provider as object | undefined), [replyMetadataKey]: whole } },
        ...rest,
      ],
      finish,
    };
  }

  #begin(type: "text" | "reasoning", id: string, metadata: SharedV4ProviderMetadata | undefined): Open {
    const part: Open = { type, text: "", ...(metadata && { provider: metadata }) };
    this.#open.set(`${type} ${id}`, part);
    this.#parts.push(part);
    return part;
  }

  #add(type: "text" | "reasoning", id: string, delta: string, metadata: SharedV4ProviderMetadata | undefined): boolean {
    const part = this.#open.get(`${type} ${id}`) ?? this.#begin(type, id, undefined);
    part.text += delta;
    // Signatures come with the last pieces: what is said later of a part is added to what was said before.
    if (metadata !== undefined) part.provider = merge(part.provider as SharedV4ProviderMetadata | undefined, metadata);
    return delta !== "";
  }
}

function merge(before: SharedV4ProviderMetadata | undefined, now: SharedV4ProviderMetadata): SharedV4ProviderMetadata {
  if (before === undefined) return now;
  const merged = { ...before };
  for (const [provider, said] of Object.entries(now)) merged[provider] = { ...merged[provider], ...said };
  return merged;
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

function noModelServer(context: FailureContext): ModelFailure {
  return new ModelFailure(
    "model_bad_request",
    `What answers at ${plainUrl(context.baseUrl)} is a web page, not a model server. Check LLM_BASE_URL: it often ends in /v1.`,
  );
}
