import type { Delta, ErrorCode, ReasoningEffort, ReplyPart, Usage } from "@deckhand/protocol";

/** A tool as the model is told of it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Record<string, unknown>;
}

export type ModelMessage =
  | { readonly role: "user"; readonly text: string; readonly imageUrls: readonly string[] }
  /** `model`: who said it, by the name of its reply; what it thought goes to no other. Undefined: the one that is asked. */
  | { readonly role: "assistant"; readonly parts: readonly ReplyPart[]; readonly model?: string }
  /** The results of the calls of the reply before, in the order of the calls. */
  | { readonly role: "tool"; readonly results: readonly ToolResult[] };

export interface ToolResult {
  /** Id of the call. */
  readonly call: string;
  readonly name: string;
  readonly content: string;
  readonly isError: boolean;
}

export interface ModelRequest {
  readonly system: string;
  readonly tools: readonly ToolSpec[];
  /** Each request has the one before as its prefix, so that the provider's cache stays warm. */
  readonly messages: readonly ModelMessage[];
  /** The model's own by default. */
  readonly maxOutputTokens?: number;
}

export interface ModelReply {
  /** As it came; text and calls in their order. At least one part, or `model_empty_reply` was thrown. */
  readonly parts: readonly ReplyPart[];
  readonly finishReason: string;
  readonly usage: Usage;
  /** Null where the price of the model is not known. */
  readonly costUsd: number | null;
  readonly firstTokenMs: number | null;
  /** Who replied, where it was not the model that was asked but one that stood in for it. */
  readonly model?: string;
}

/** What a model says while it replies: text that may be lost, or that it waits before it asks again. */
export type ModelProgress =
  | { readonly type: "delta"; readonly delta: Delta }
  | {
      readonly type: "retry";
      readonly code: ErrorCode;
      /** What went wrong and when it is tried again, as a sentence. */
      readonly message: string;
      /** What went wrong alone. */
      readonly reason?: string;
      /** 1 for the first retry. */
      readonly attempt: number;
      readonly waitMs: number;
    }
  /** Another model is asked from here on; why, as a sentence. */
  | { readonly type: "switch"; readonly code: "model_switched"; readonly message: string };

/**
 * Yields what may be lost, returns what counts. Fails with a `DeckhandError` whose code starts with `model_` and whose
 * message says what to do; with the signal's reason when aborted.
 */
export interface Model {
  /** As the user named it, for logs and the `reply` event. */
  readonly name: string;
  readonly takesImages: boolean;
  /** Tokens that a request and its reply may have together; undefined or null while that is not known. */
  readonly contextTokens?: number | null;
  /** It has nothing to say beside its script. */
  readonly isScript?: true;
  /** A cheaper one for titles and summaries, where one is configured and this one was not somebody's own choice. */
  readonly small?: () => Promise<Model>;
  reply(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply>;
}

/** What chooses a model; the key lives in memory only. */
export interface ModelChoice {
  /** `gpt-4o`, `anthropic/…`, `ollama/…`, `demo`, `scripted/FILE`; empty: what is configured or found. */
  readonly name?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly baseUrl?: string | undefined;
  /** What the key came for, where that was said earlier than the rest: it goes to no other provider and no other address. */
  readonly keyFor?: { readonly name?: string | undefined; readonly baseUrl?: string | undefined } | undefined;
  /** How much it thinks, where it can be told; as it is configured by default. */
  readonly reasoningEffort?: ReasoningEffort | undefined;
}

/** Finds the model for a choice. Fails with `model_not_configured` or `model_not_found` and a sentence of what to do. */
export type ModelFinder = (choice: ModelChoice) => Promise<Model>;
