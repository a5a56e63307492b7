/** Collects the stream parts of one call into a reply, and decides whether that reply counts. */
import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import type { ReplyPart } from "@deckhand/protocol";
import { modelRefused, ModelFailure, streamInterrupted, type FailureContext } from "../failures/model-failure.ts";
import type { Provider } from "../providers/provider.ts";
import { replyMetadataKey } from "./prompt.ts";

/**
 * Raw finish reasons of a reply that did not reach its end: what packages report for a stream without one, and what
 * OpenRouter and DeepSeek send.
 */
const interruptedReasons: ReadonlySet<string | undefined> = new Set([
  undefined,
  "error",
  "insufficient_system_resource",
]);

export type Finish = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

/** A part that more deltas may be added to. */
interface OpenPart {
  readonly type: "text" | "reasoning";
  text: string;
  provider?: unknown;
}

export class ReplyCollector {
  readonly #parts: ReplyPart[] = [];
  readonly #open = new Map<string, OpenPart>();
  #finish: Finish | undefined;

  /**
   * Adds a part; returns the delta to show. An empty delta means that the model has started on a part that is not
   * shown.
   */
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
      // Sources, files, raw chunks and tools run by the provider: nothing that we requested.
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
        throw new ModelFailure("model_bad_reply", `The reply of ${context.model} could not be parsed.`, {
          isTransient: true,
        });
      case "other":
        if (interruptedReasons.has(finish.finishReason.raw)) throw streamInterrupted(context);
        break;
      case "stop":
      case "length":
      case "tool-calls":
        break;
    }
    if (text.trim() === "" && !parts.some((part) => part.type === "call")) {
      const reason = finish.finishReason.unified === "length" ? ": it reached its output limit first" : "";
      throw new ModelFailure("model_empty_reply", `${context.model} returned an empty reply${reason}.`, {
        isTransient: true,
      });
    }
    const [first, ...rest] = parts;
    const metadata = finish.providerMetadata === undefined ? undefined : echoedMetadata?.(finish.providerMetadata);
    if (first === undefined || metadata === undefined) return { parts, finish };
    return {
      parts: [
        { ...first, provider: { ...(first.provider as object | undefined), [replyMetadataKey]: metadata } },
        ...rest,
      ],
      finish,
    };
  }

  #begin(type: "text" | "reasoning", id: string, metadata: SharedV4ProviderMetadata | undefined): OpenPart {
    const part: OpenPart = { type, text: "", ...(metadata && { provider: metadata }) };
    this.#open.set(`${type} ${id}`, part);
    this.#parts.push(part);
    return part;
  }

  #add(type: "text" | "reasoning", id: string, delta: string, metadata: SharedV4ProviderMetadata | undefined): boolean {
    const part = this.#open.get(`${type} ${id}`) ?? this.#begin(type, id, undefined);
    part.text += delta;
    // Signatures come with the last deltas of a part, so later metadata is merged into earlier.
    if (metadata !== undefined) part.provider = merge(part.provider as SharedV4ProviderMetadata | undefined, metadata);
    return delta !== "";
  }
}

function merge(before: SharedV4ProviderMetadata | undefined, now: SharedV4ProviderMetadata): SharedV4ProviderMetadata {
  if (before === undefined) return now;
  const merged = { ...before };
  for (const [provider, metadata] of Object.entries(now)) {
    merged[provider] = { ...merged[provider], ...metadata };
  }
  return merged;
}
