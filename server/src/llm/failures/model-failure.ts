/**
 * What can go wrong with a model call, each with its code and a sentence that says what to do.
 *
 * Decided by status, error code and type, as the provider gave them; where some give nothing but words, by the patterns of
 * words.ts and nothing else.
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

/** A model call that failed, and whether to try again by itself. */
export class ModelFailure extends DeckhandError {
  /** Trying again can help. */
  readonly isTransient: boolean;
  /** When the provider said to try again; null when it said nothing. */
  readonly retryAfterMs: number | null;
  /** Nothing answers at its address. */
  readonly isUnreachable: boolean;
  /** The model, or the server that runs it, takes no tools; without them it may answer. */
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

/** What is said about a failure; the key itself is here only to be struck out. */
export interface FailureContext {
  readonly label: string;
  readonly model: string;
  readonly baseUrl: string;
  readonly keyNames: string;
  readonly apiKey: string | undefined;
}

/** Statuses that pass: 529 is Anthropic's "overloaded"; 425 is "too early". */
const passing = (status: number) => [408, 409, 425, 429].includes(status) || status >= 500;

/** Takes anything that a provider package throws or sends as an error part. */
export function failureOf(error: unknown, context: FailureContext): ModelFailure {
  if (error instanceof ModelFailure) return error;
  if (APICallError.isInstance(error)) {
    if (error.statusCode === undefined) return unreachable(error, context);
    if (error.statusCode < 400) return streamInterrupted(context, error);
    return failureOfReport(parseErrorReport(parseBody(error.responseBody) ?? error.data, error), context);
  }
  // Without data: the stream ended before it said why.
  if (InvalidResponseDataError.isInstance(error) && error.data === undefined) return streamInterrupted(context, error);
  const report = parseErrorReport(error, {});
  if (!(error instanceof Error) && report.message !== "") return failureOfReport(report, context);
  if (networkCode(error) !== undefined) return unreachable(error, context);
  const ofReply = [JSONParseError, TypeValidationError, InvalidResponseDataError].some((kind) =>
    kind.isInstance(error),
  );
  if (AISDKError.isInstance(error) && !ofReply) {
    // Refused by the provider package, before anything was sent.
    return new ModelFailure(
      "model_bad_request",
      `${context.label} does not take this request: ${quote(error.message, context)}`,
    );
  }
  return new ModelFailure("model_bad_reply", `${context.label} sent something that could not be understood.`, {
    isTransient: true,
    cause: error,
  });
}

/** The stream ended before the reply did. */
export function streamInterrupted(context: FailureContext, cause?: unknown): ModelFailure {
  return new ModelFailure(
    "model_unavailable",
    `The connection to ${context.label} was cut in the middle of the reply.`,
    {
      isTransient: true,
      cause: networkCause(cause),
    },
  );
}

export function callTimedOut(context: FailureContext, timeoutMs: number): ModelFailure {
  const seconds = Number((timeoutMs / 1000).toFixed(1));
  return new ModelFailure("model_timeout", `${context.label} sent nothing for ${seconds} s (LLM_TIMEOUT).`, {
    isTransient: true,
  });
}

function unreachable(error: unknown, context: FailureContext): ModelFailure {
  const code = networkCode(error);
  const where = plainUrl(context.baseUrl);
  return new ModelFailure(
    "model_unavailable",
    `${context.label} could not be reached at ${where}${code === undefined ? "" : ` (${code})`}. Is it running, and is LLM_BASE_URL right?`,
    { isTransient: true, isUnreachable: true, cause: networkCause(error) },
  );
}

function failureOfReport(report: ErrorReport, context: FailureContext): ModelFailure {
  const { label, model, keyNames } = context;
  const status = report.status ?? 500;
  const has = (codes: ReadonlySet<string>) => codes.has(report.code) || codes.has(report.type);
  const says = (patterns: readonly RegExp[]) => patterns.some((words) => words.test(report.message));
  const cause = new Error(`HTTP ${status}: ${quote(report.message, context)}`);
  const fail = (code: ErrorCode, message: string, options: FailureOptions = {}) =>
    new ModelFailure(code, message, { cause, ...options });
  const later = { passes: report.headers["x-should-retry"] !== "false", retryAfterMs: retryAfterMs(report) };

  if (status === 403 && (report.flagged || says(violationPatterns))) return modelRefused(context, report.message);
  const badKey =
    report.details.some((one) => one["reason"] === "API_KEY_INVALID") || (status === 400 && says(wrongKeyPatterns));
  if (status === 401 || status === 403 || badKey) {
    const given = context.apiKey === undefined ? "No key was given" : `The key was refused`;
    return fail("model_auth", `${given} (${status} from ${label}). Set ${keyNames} to a key that may use ${model}.`);
  }
  if (status === 402 || has(noCreditCodes)) {
    return fail(
      "model_rate_limited",
      `The account at ${label} has no credit left (${status}). Trying again does not help: add credit, or use another key (${keyNames}).`,
    );
  }
  if (status === 429) {
    return fail("model_rate_limited", `${label} limits the rate of requests (429).`, later);
  }
  if (status === 413 || has(tooLongCodes) || says(tooLongPatterns)) {
    return fail(
      "model_context_too_long",
      `The conversation is longer than ${model} can read (${status}). Start a new one, or choose a model that reads more (LLM_MODEL).`,
    );
  }
  if (says(noToolsPatterns)) {
    return fail(
      "model_bad_request",
      `${model} at ${label} takes no tools (${status}). Set LLM_NATIVE_TOOL_CALLING=false, so that it is told of them in words.`,
      { refusesTools: true },
    );
  }
  if (has(refusedCodes)) return modelRefused(context, report.message);
  if (status === 404 || has(noModelCodes) || says(noModelPatterns)) {
    return fail(
      "model_not_found",
      `${label} has no model ${model} at ${plainUrl(context.baseUrl)} (${status}). Check LLM_MODEL and LLM_BASE_URL.${said(report, context)}`,
    );
  }
  if (status === 408) return fail("model_timeout", `${label} gave up waiting (408).`, later);
  if (passing(status)) {
    return fail("model_unavailable", `${label} could not answer (${status}).${said(report, context)}`, later);
  }
  return fail("model_bad_request", `${label} did not accept the request (${status}).${said(report, context)}`);
}

export function modelRefused(context: FailureContext, text: string): ModelFailure {
  const quoted = quote(text, context);
  return new ModelFailure(
    "model_refused",
    `${context.model} refused to answer. Put the task in other words, or choose another model (LLM_MODEL).${quoted === "" ? "" : ` It said: ${quoted}`}`,
  );
}

function said(report: ErrorReport, context: FailureContext): string {
  const quoted = quote(report.message, context);
  return quoted === "" ? "" : ` It said: ${quoted}`;
}

/** A provider's words, bounded, on one line, without the key. */
function quote(message: string, { apiKey }: FailureContext): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  const safe = apiKey === undefined ? line : line.replaceAll(apiKey, "***");
  return safe.length > 400 ? `${safe.slice(0, 400)}…` : safe;
}

/** A URL without what may be secret in it. */
export function plainUrl(url: string): string {
  return URL.canParse(url)
    ? `${new URL(url).origin}${new URL(url).pathname.replace(/\/$/, "")}`
    : "an address that is no URL";
}

function networkCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
  }
  return undefined;
}

/** The innermost cause: the outer errors carry the whole request, which does not belong into a log. */
function networkCause(error: unknown): unknown {
  let at = error;
  for (let depth = 0; at instanceof Error && at.cause !== undefined && depth < 5; depth += 1) at = at.cause;
  return APICallError.isInstance(at) ? new Error(at.message) : at;
}
