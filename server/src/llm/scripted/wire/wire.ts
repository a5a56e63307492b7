import type { RequestSummary, ScriptReply } from "../script.ts";
import { usageOf } from "../script.ts";

/** How a provider's format asks and answers: what the model server needs to play a script in it. */
export interface Wire {
  /** Paths that are asked in this format. */
  readonly path: RegExp;
  /** Of a stream; `text/event-stream` when not given. */
  readonly contentType?: string;
  /** The request's body, read as far as a script needs it. Takes anything and throws nothing. */
  summarize(body: unknown): RequestSummary;
  /** The whole stream, an event each. */
  frames(reply: ScriptReply, context: WireContext): readonly (string | Uint8Array)[];
  /** The answer to a request that asked for no stream; absent where the format is only streamed here. */
  complete?(reply: ScriptReply, context: WireContext): unknown;
  /** The provider's words for an HTTP error. */
  error(status: number): unknown;
}

export interface WireContext {
  readonly request: RequestSummary;
  readonly model: string;
  /** Whether the request wants the usage in the stream, where the format leaves that open. */
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

/** Text of a content that is a string or a list of parts with a `text`. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return looseList(content)
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("");
}

/** Reads the one thing that differs between formats out of a list of messages: who speaks, and what. */
export function summarizeMessages(
  messages: readonly Loose[],
  speaker: (message: Loose) => "user" | "model" | "other",
  content: (message: Loose) => unknown,
): RequestSummary {
  let replies = 0;
  let task: string | undefined;
  let before: string = "other";
  for (const message of messages) {
    const now = speaker(message);
    // Formats that write a reply as several items in a row still count one reply.
    if (now === "model" && before !== "model") replies += 1;
    if (now === "user" && task === undefined) task = textOf(content(message));
    before = now;
  }
  return { replies, task: task ?? "" };
}

export function event(data: unknown, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Error types as OpenAI and Anthropic name them, by status. */
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
