/**
 * The failures of a model call: each has an error code, and a message that says what to do.
 *
 * They are classified by the status, error code and type from the provider. The text of an error counts only where a
 * provider sends nothing else, and only by the patterns in error-patterns.ts.
 */
import {
  AISDKError,
  APICallError,
  InvalidResponseDataError,
  JSONParseError,
  TypeValidationError,
} from "@ai-sdk/provider";
import { DeckhandError } from "@deckhand/protocol";
import type { ErrorCode } from "@deckhand/protocol";
import { parseBody, parseErrorReport, retryAfterMs } from "./error-report.ts";
import type { ErrorReport } from "./error-report.ts";
import {
  noCreditCodes,
  noModelPatterns,
  noModelCodes,
  noToolsPatterns,
  refusedCodes,
  tooLongPatterns,
  tooLongCodes,
  violationPatterns,
  wrongKeyPatterns,
} from "./error-patterns.ts";

/** A failed model call, and whether to retry it. */
export class ModelFailure extends DeckhandError {
  /** A retry may succeed. */
  readonly isTransient: boolean;
  /** The wait that the provider asked for; null if it did not ask for one. */
  readonly retryAfterMs: number | null;
  /** Nothing answered at its address. */
  readonly isUnreachable: boolean;
  /** The model, or its server, does not support tools; it may answer a request without them. */
  readonly refusesTools: boolean;

  constructor(code: ErrorCode, message: string, options: FailureOptions = {}) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ModelFailure";
    this.isTransient = options.isTransient ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.isUnreachable = options.isUnreachable ?? false;
    this.refusesTools = options.refusesTools ?? false;
  }
}

interface FailureOptions {
  readonly isTransient?: boolean;
  readonly retryAfterMs?: number | null;
  readonly isUnreachable?: boolean;
  readonly refusesTools?: boolean;
  readonly cause?: unknown;
}

/** What the messages mention; the key itself is here only to be redacted. */
export interface FailureContext {
  readonly label: string;
  readonly model: string;
  readonly baseUrl: string;
  readonly keyNames: string;
  readonly apiKey: string | undefined;
}

/** 425 is "too early"; 529 is Anthropic's "overloaded". */
const isTransientStatus = (status: number) => [408, 409, 425, 429].includes(status) || status >= 500;

/** Accepts anything that a provider package throws, or sends as an error part. */
export function failureOf(error: unknown, context: FailureContext): ModelFailure {
  if (error instanceof ModelFailure) return error;
  if (APICallError.isInstance(error)) {
    if (error.statusCode === undefined) return unreachable(error, context);
    if (error.statusCode < 400) return streamInterrupted(context, error);
    return failureOfReport(parseErrorReport(parseBody(error.responseBody) ?? error.data, error), context);
  }
  // Without data, the stream ended before its last part.
  if (InvalidResponseDataError.isInstance(error) && error.data === undefined) return streamInterrupted(context, error);
  const report = parseErrorReport(error, {});
  if (!(error instanceof Error) && report.message !== "") return failureOfReport(report, context);
  if (networkCode(error) !== undefined) return unreachable(error, context);
  const isReplyError = [JSONParseError, TypeValidationError, InvalidResponseDataError].some((kind) =>
    kind.isInstance(error),
  );
  if (AISDKError.isInstance(error) && !isReplyError) {
    // The provider package rejected the request before sending it.
    return new ModelFailure(
      "model_bad_request",
      `${context.label} does not support this request: ${quote(error.message, context)}`,
    );
  }
  return new ModelFailure("model_bad_reply", `The reply of ${context.label} could not be parsed.`, {
    isTransient: true,
    cause: error,
  });
}

/** The stream ended before the reply did. */
export function streamInterrupted(context: FailureContext, cause?: unknown): ModelFailure {
  return new ModelFailure(
    "model_unavailable",
    `The connection to ${context.label} was lost in the middle of the reply.`,
    {
      isTransient: true,
      cause: networkCause(cause),
    },
  );
}

export function callTimedOut(context: FailureContext, timeoutMs: number): ModelFailure {
  const seconds = Number((timeoutMs / 1000).toFixed(1));
  return new ModelFailure(
    "model_timeout",
    `${context.label} sent no data for ${seconds} s. If the model is just slow, raise the model timeout.`,
    {
      isTransient: true,
    },
  );
}

function unreachable(error: unknown, context: FailureContext): ModelFailure {
  const code = networkCode(error);
  const url = plainUrl(context.baseUrl);
  return new ModelFailure(
    "model_unavailable",
    `${context.label} could not be reached at ${url}${code === undefined ? "" : ` (${code})`}. Check that it is running and that the base URL is correct.`,
    { isTransient: true, isUnreachable: true, cause: networkCause(error) },
  );
}

function failureOfReport(report: ErrorReport, context: FailureContext): ModelFailure {
  const { label, model, keyNames } = context;
  const status = report.status ?? 500;
  const has = (codes: ReadonlySet<string>) => codes.has(report.code) || codes.has(report.type);
  const matches = (patterns: readonly RegExp[]) => patterns.some((pattern) => pattern.test(report.message));
  const cause = new Error(`HTTP ${status}: ${quote(report.message, context)}`);
  const fail = (code: ErrorCode, message: string, options: FailureOptions = {}) =>
    new ModelFailure(code, message, { cause, ...options });
  const retryable = { isTransient: report.headers["x-should-retry"] !== "false", retryAfterMs: retryAfterMs(report) };

  if (status === 403 && (report.flagged || matches(violationPatterns))) return modelRefused(context, report.message);
  const isKeyError =
    report.details.some((one) => one["reason"] === "API_KEY_INVALID") || (status === 400 && matches(wrongKeyPatterns));
  if (status === 401 || status === 403 || isKeyError) {
    const problem = context.apiKey === undefined ? "No API key was sent" : "The API key was rejected";
    return fail(
      "model_auth",
      `${problem} (${status} from ${label}). Set a key with access to ${model} in the settings, or as ${keyNames}.`,
    );
  }
  if (status === 402 || has(noCreditCodes)) {
    return fail(
      "model_rate_limited",
      `The account at ${label} is out of credit (${status}). Add credit, or use another API key.`,
    );
  }
  if (status === 429) {
    return fail("model_rate_limited", `${label} is rate limiting requests (429).`, retryable);
  }
  if (status === 413 || has(tooLongCodes) || matches(tooLongPatterns)) {
    return fail(
      "model_context_too_long",
      `The conversation exceeds the context window of ${model} (${status}). Start a new one, or choose a model with a larger context window.`,
    );
  }
  if (matches(noToolsPatterns)) {
    return fail(
      "model_bad_request",
      `${model} at ${label} does not support tool calling (${status}). Set LLM_NATIVE_TOOL_CALLING=false to describe the tools in the prompt instead.`,
      { refusesTools: true },
    );
  }
  if (has(refusedCodes)) return modelRefused(context, report.message);
  if (status === 404 || has(noModelCodes) || matches(noModelPatterns)) {
    return fail(
      "model_not_found",
      `${label} has no model ${model} at ${plainUrl(context.baseUrl)} (${status}). Check the name of the model and the base URL.${quoted(report.message, context)}`,
    );
  }
  if (status === 408) return fail("model_timeout", `${label} timed out (408).`, retryable);
  if (isTransientStatus(status)) {
    return fail(
      "model_unavailable",
      `${label} returned an error (${status}).${quoted(report.message, context)}`,
      retryable,
    );
  }
  return fail("model_bad_request", `${label} rejected the request (${status}).${quoted(report.message, context)}`);
}

export function modelRefused(context: FailureContext, text: string): ModelFailure {
  return new ModelFailure(
    "model_refused",
    `${context.model} refused to answer. Rephrase the task, or choose another model.${quoted(text, context)}`,
  );
}

function quoted(message: string, context: FailureContext): string {
  const text = quote(message, context);
  return text === "" ? "" : ` It said: ${text}`;
}

/** The provider's message: bounded, on one line, without the key. */
function quote(message: string, { apiKey }: FailureContext): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  const safe = apiKey === undefined ? line : line.replaceAll(apiKey, "***");
  return safe.length > 400 ? `${safe.slice(0, 400)}…` : safe;
}

/** A URL without credentials, query and fragment. */
export function plainUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname.replace(/\/$/, "")}` : "an invalid URL";
}

function networkCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
  }
  return undefined;
}

/** The innermost cause: the outer errors contain the whole request, which must not reach a log. */
function networkCause(error: unknown): unknown {
  let at = error;
  for (let depth = 0; at instanceof Error && at.cause !== undefined && depth < 5; depth += 1) at = at.cause;
  return APICallError.isInstance(at) ? new Error(at.message) : at;
}
