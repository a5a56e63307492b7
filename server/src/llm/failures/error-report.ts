/** Reads a provider's error, whatever its shape: from an HTTP response, or from the middle of a stream. */

/** Empty strings: the provider sent none. */
export interface ErrorReport {
  readonly status: number | undefined;
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: readonly Record<string, unknown>[];
  /** The moderation of a gateway stopped the request, and gave its reasons. */
  readonly flagged: boolean;
}

/** The parts of an HTTP response that a report needs. */
interface HttpError {
  readonly statusCode?: number | undefined;
  readonly responseHeaders?: Record<string, string> | undefined;
  readonly message?: string;
}

/** `data` may be anything; `response` is the AI SDK's error for the HTTP response it came in. */
export function parseErrorReport(data: unknown, response: HttpError): ErrorReport {
  const outer = record(Array.isArray(data) ? data[0] : data);
  // Most send { error: {…} }, a failed response of OpenAI { response: { error: {…} } }; in a stream it is the inner
  // object.
  const inner =
    [outer["error"], record(outer["response"])["error"]].map(record).find((one) => "message" in one) ?? outer;
  const code = inner["code"] ?? outer["code"];
  const type = stringOf(inner["type"]) || stringOf(inner["status"]);
  const declared = [outer["statusCode"], code].find((one) => typeof one === "number" && one >= 400 && one < 600);
  const message = [
    inner["message"],
    validationError(inner["message"]),
    validationError(outer),
    inner["Message"],
    outer["error"],
    outer["message"],
    outer["detail"],
  ]
    .map(stringOf)
    .find((text) => text !== "");
  return {
    status: response.statusCode ?? (declared as number | undefined) ?? statusOfType(type),
    code: stringOf(code),
    type,
    message: message ?? response.message ?? "",
    headers: response.responseHeaders ?? {},
    flagged: Array.isArray(record(inner["metadata"])["reasons"]),
    details: Array.isArray(inner["details"]) ? inner["details"].map(record) : [],
  };
}

/** OpenAI-compatible servers send errors within a stream with a type and no status. */
function statusOfType(type: string): number | undefined {
  const statuses: Record<string, number> = {
    invalid_request_error: 400,
    BadRequestError: 400,
    exceed_context_size_error: 400,
    authentication_error: 401,
    permission_error: 403,
    not_found_error: 404,
    NotFoundError: 404,
    rate_limit_error: 429,
    overloaded_error: 529,
  };
  return statuses[type];
}

/** From `retry-after-ms`, `retry-after` in seconds or as a date, or the RetryInfo in Google's body. */
export function retryAfterMs({ headers, details }: ErrorReport): number | null {
  const exact = Number(headers["retry-after-ms"]);
  if (headers["retry-after-ms"] !== undefined && exact >= 0) return exact;
  const after = headers["retry-after"];
  if (after !== undefined) {
    const seconds = Number(after);
    if (seconds >= 0) return seconds * 1000;
    const date = Date.parse(after);
    if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  }
  const delay = details.map((one) => one["retryDelay"]).find((one) => typeof one === "string");
  const seconds = delay === undefined ? Number.NaN : Number.parseFloat(delay);
  return seconds >= 0 ? seconds * 1000 : null;
}

/**
 * From servers that validate the request field by field: `{ detail: [{ loc: ["body", "stream_options"], msg: "…" }] }`.
 */
function validationError(value: unknown): string {
  const { detail } = record(value);
  const [first] = Array.isArray(detail) ? detail.map(record) : [];
  if (first === undefined || typeof first["msg"] !== "string") return "";
  const where = Array.isArray(first["loc"]) ? first["loc"].filter((one) => one !== "body").join(".") : "";
  return `${where}: ${first["msg"]}`;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function stringOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

export function parseBody(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return undefined;
  }
}
