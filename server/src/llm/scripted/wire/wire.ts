import type { RequestSummary, ScriptReply } from "../script.ts";
import { usageOf } from "../script.ts";

/** A provider's request and response format: what the model server needs to play a script in it. */
export interface Wire {
  /** The request paths of this format. */
  readonly path: RegExp;
  /** Of a stream; `text/event-stream` by default. */
  readonly contentType?: string;
  /** What a script needs to know of the request body. Accepts anything and never throws. */
  summarize(body: unknown): RequestSummary;
  /** All events of the stream. */
  frames(reply: ScriptReply, context: WireContext): readonly (string | Uint8Array)[];
  /** The response without streaming; absent if the format is only streamed here. */
  complete?(reply: ScriptReply, context: WireContext): unknown;
  /** The body of an HTTP error. */
  error(status: number): unknown;
}

export interface WireContext {
  readonly request: RequestSummary;
  readonly model: string;
  /** Whether the request wants usage in the stream, in formats that make it optional. */
  readonly includeUsage: boolean;
  readonly usage: ReturnType<typeof usageOf>;
}

export type Loose = { readonly [key: string]: unknown };

export function loose(value: unknown): Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}

export function looseList(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? value.map(loose) : [];
}

/** The text of content that is a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return looseList(content)
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("");
}

/** `roleOf` and `content` are what differs between formats. */
export function summarizeMessages(
  messages: readonly Loose[],
  roleOf: (message: Loose) => "user" | "model" | "other",
  content: (message: Loose) => unknown,
): RequestSummary {
  let replies = 0;
  let task: string | undefined;
  let previous: string = "other";
  for (const message of messages) {
    const role = roleOf(message);
    // Some formats send a reply as several consecutive items.
    if (role === "model" && previous !== "model") replies += 1;
    if (role === "user" && task === undefined) task = textOf(content(message));
    previous = role;
  }
  return { replies, task: task ?? "" };
}

export function event(data: unknown, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** The error types of OpenAI and Anthropic, by status. */
export function errorType(status: number): string {
  const types: Record<number, string> = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
  };
  return types[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}
