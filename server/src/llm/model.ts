import type { Delta, ErrorCode, ReasoningEffort, ReplyPart, Usage } from "@deckhand/protocol";

/** A tool as it is described to the model. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Record<string, unknown>;
}

export type ModelMessage =
  | { readonly role: "user"; readonly text: string; readonly imageUrls: readonly string[] }
  /** `model`: the model that replied, whose reasoning is sent to no other. Undefined: the one that is called. */
  | { readonly role: "assistant"; readonly parts: readonly ReplyPart[]; readonly model?: string }
  /** The results of the previous reply's calls, in the order of the calls. */
  | { readonly role: "tool"; readonly results: readonly ToolResult[] };

export interface ToolResult {
  /** The id of the call. */
  readonly call: string;
  readonly name: string;
  readonly content: string;
  readonly isError: boolean;
}

export interface ModelRequest {
  readonly system: string;
  readonly tools: readonly ToolSpec[];
  /** The previous request is always a prefix, which keeps the provider's cache warm. */
  readonly messages: readonly ModelMessage[];
  /** The model's own limit by default. */
  readonly maxOutputTokens?: number;
}

export interface ModelReply {
  /** In the order received; at least one text or call, otherwise the call fails with `model_empty_reply`. */
  readonly parts: readonly ReplyPart[];
  readonly finishReason: string;
  readonly usage: Usage;
  /** Null if the price of the model is unknown. */
  readonly costUsd: number | null;
  readonly firstTokenMs: number | null;
  /** The fallback that replied in place of the called model. */
  readonly model?: string;
}

/** What happens while a model replies; none of it is needed once the reply is there. */
export type ModelProgress =
  | { readonly type: "delta"; readonly delta: Delta }
  | {
      readonly type: "retry";
      readonly code: ErrorCode;
      /** What went wrong and when the next attempt is, as a sentence. */
      readonly message: string;
      /** Only what went wrong. */
      readonly reason?: string;
      /** 1 for the first retry. */
      readonly attempt: number;
      readonly waitMs: number;
    }
  /** Another model is called from here on; why, as a sentence. */
  | { readonly type: "switch"; readonly code: "model_switched"; readonly message: string };

/**
 * `reply` yields progress, which may be dropped, and returns the reply. It fails with a `DeckhandError` whose code
 * starts with `model_` and whose message says what to do; with the signal's reason when aborted.
 */
export interface Model {
  /** As the user named it, for logs and the `reply` event. */
  readonly name: string;
  readonly takesImages: boolean;
  /** The context window: tokens of a request and its reply together. Undefined or null while unknown. */
  readonly contextTokens?: number | null;
  /** It plays a script: it cannot write titles or summaries. */
  readonly isScript?: true;
  /** A cheaper model for titles and summaries; absent if none is configured or the user chose this model. */
  readonly small?: () => Promise<Model>;
  reply(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply>;
}

/** A user's choice of a model. The key is kept in memory only. */
export interface ModelChoice {
  /** `gpt-4o`, `anthropic/…`, `ollama/…`, `demo`, `scripted/FILE`; empty: the configured or discovered model. */
  readonly name?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly baseUrl?: string | undefined;
  /** What the key was given for, if the choice has changed since: it is sent to no other provider and no other URL. */
  readonly keyFor?: { readonly name?: string | undefined; readonly baseUrl?: string | undefined } | undefined;
  /** Ignored by models without one; as configured by default. */
  readonly reasoningEffort?: ReasoningEffort | undefined;
}

/**
 * Finds the model for a choice. Fails with `model_not_configured` or `model_not_found`, and a message that says what to
 * do.
 */
export type ModelFinder = (choice: ModelChoice) => Promise<Model>;
