/**
 * A script is a JSON file of model replies, played by the `scripted` model and by the model server.
 *
 *   { "replies": [
 *       { "text": "I write it.", "calls": [{ "name": "write", "arguments": { "path": "a", "content": "b" } }] },
 *       { "status": 429, "headers": { "retry-after": "1" } },
 *       { "calls": [{ "name": "finish", "arguments": { "thought": "Done." } }] } ],
 *     "after": "text" }
 *
 * The request determines the reply, so a script plays any number of conversations at once without state: a request that
 * contains n replies of the model gets the n-th successful reply (from 0).
 *
 * A reply fails if it has a `status` of 400 or more, `cut_after`, `hang`, the finish reason `content_filter`, or
 * neither text nor calls. A failed reply does not appear in the next request, so failures are counted here: those
 * before the n-th successful reply are played first, in order, once per first user message. Conversations with the same
 * first message share that count. It is the only state.
 *
 * `after` is what follows the last reply: a `text` that says so (the default), an `error` (status 400), the last reply
 * again, successful or not (`repeat_last`), or the script from the start (`loop`).
 *
 * `conversations` holds scripts for conversations whose first user message contains the text `when`. The first match
 * plays; without one, the replies at the top do.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";

const milliseconds = z.number().min(0).max(3_600_000);

export const scriptReply = z.strictObject({
  reasoning: z.string().optional(),
  text: z.string().optional(),
  calls: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        /** An object, or the raw text of the arguments, which may be malformed. */
        arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).default({}),
        /** `call_<index of the reply>_<index of the call>` by default. */
        id: z.string().optional(),
      }),
    )
    .default([]),
  /** `tool_calls` or `stop` by default. */
  finish: z.enum(["stop", "tool_calls", "length", "content_filter"]).optional(),
  /** The wait before the first byte. */
  delay_ms: milliseconds.default(0),
  /** The wait between two chunks of the stream. */
  chunk_ms: milliseconds.default(0),
  /** Characters per chunk; by default 16 if the stream is slowed or cut, otherwise everything in one. */
  chunk_size: z.int().min(1).optional(),
  /** The HTTP status; 200 with a `body` sends that body unchanged. */
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** Text is sent unchanged, anything else as JSON. By default the provider's error for the status. */
  body: z.unknown().optional(),
  /** The connection is cut after this many chunks. */
  cut_after: z.int().min(0).optional(),
  /** Never answers; with `cut_after`, falls silent after that many chunks. */
  hang: z.boolean().default(false),
  usage: z
    .strictObject({
      input: z.int().min(0).default(0),
      output: z.int().min(0).default(0),
      cached_input: z.int().min(0).default(0),
      reasoning: z.int().min(0).default(0),
    })
    .optional(),
});
export type ScriptReply = z.infer<typeof scriptReply>;

const track = {
  replies: z.array(scriptReply).default([]),
  after: z.enum(["text", "error", "repeat_last", "loop"]).default("text"),
};

export const scriptSchema = z.strictObject({
  ...track,
  conversations: z.array(z.strictObject({ when: z.string().min(1), ...track })).default([]),
});
export type Script = z.infer<typeof scriptSchema>;
/** A script as written, without defaults. */
export type ScriptInput = z.input<typeof scriptSchema>;

/** What determines the reply to a request. */
export interface RequestSummary {
  /** The number of model replies in the request. */
  readonly replies: number;
  /** The text of the first user message. */
  readonly task: string;
}

/** A reply is streamed in these. */
export type ScriptChunk =
  | { readonly of: "reasoning"; readonly text: string }
  | { readonly of: "text"; readonly text: string }
  /** The first chunk of a call has `start`. */
  | {
      readonly of: "call";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly start: boolean;
      readonly arguments: string;
    };

/** First messages whose failures are counted; the oldest is forgotten. */
const maxFailureCounts = 10_000;

/** Fails with `model_not_configured`, and the place of the error but none of the file's content. */
export async function readScript(path: string): Promise<Script> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new DeckhandError("model_not_configured", `The script ${path} could not be read.`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DeckhandError("model_not_configured", `The script ${path} is not valid JSON.`);
  }
  const parsed = scriptSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`);
  throw new DeckhandError("model_not_configured", `${path} is not a valid script: ${lines.join("; ")}`);
}

/** Returns a function from a request to its reply. */
export function playScript(script: Script): (request: RequestSummary) => ScriptReply {
  const played = new Map<string, number>();

  /** The next failure at this position; undefined once all were played. */
  function nextFailure(failures: readonly ScriptReply[], key: string): ScriptReply | undefined {
    if (failures.length === 0) return undefined;
    const count = played.get(key) ?? 0;
    if (count >= failures.length) return undefined;
    const oldest = played.keys().next();
    if (played.size >= maxFailureCounts && !oldest.done) played.delete(oldest.value);
    played.set(key, count + 1);
    return failures[count];
  }

  return (request) => {
    const index = script.conversations.findIndex((one) => request.task.includes(one.when));
    const { replies, after } = script.conversations[index] ?? script;
    const successful = replies.flatMap((reply, at) => (fails(reply) ? [] : [at]));
    const position = after === "loop" && successful.length > 0 ? request.replies % successful.length : request.replies;
    if (position <= successful.length) {
      const from = position === 0 ? 0 : (successful[position - 1] as number) + 1;
      const failure = nextFailure(
        replies.slice(from, successful[position]),
        `${index} ${request.replies} ${request.task}`,
      );
      if (failure !== undefined) return failure;
    }
    const at = successful[position];
    return (at === undefined ? undefined : replies[at]) ?? replyAfterEnd(after, replies);
  };
}

function replyAfterEnd(after: Script["after"], replies: readonly ScriptReply[]): ScriptReply {
  const over = "The script has no more replies.";
  const last = replies.at(-1);
  if (after === "error")
    return scriptReply.parse({ status: 400, body: { error: { message: over, type: "script_over" } } });
  return after !== "text" && last !== undefined ? last : scriptReply.parse({ text: over });
}

function fails(reply: ScriptReply): boolean {
  return (
    (reply.status ?? 200) >= 400 ||
    reply.cut_after !== undefined ||
    reply.hang ||
    reply.finish === "content_filter" ||
    (reply.text === undefined && reply.calls.length === 0)
  );
}

export function chunksOf(reply: ScriptReply, request: RequestSummary): readonly ScriptChunk[] {
  const size = reply.chunk_size ?? (reply.chunk_ms > 0 || reply.cut_after !== undefined ? 16 : Number.MAX_SAFE_INTEGER);
  const chunks: ScriptChunk[] = [];
  for (const text of pieces(reply.reasoning ?? "", size)) chunks.push({ of: "reasoning", text });
  for (const text of pieces(reply.text ?? "", size)) chunks.push({ of: "text", text });
  reply.calls.forEach((call, index) => {
    const id = call.id ?? `call_${request.replies}_${index}`;
    const [first = "", ...rest] = pieces(argumentsOf(call), size);
    chunks.push({ of: "call", index, id, name: call.name, start: true, arguments: first });
    for (const piece of rest) chunks.push({ of: "call", index, id, name: call.name, start: false, arguments: piece });
  });
  return chunks;
}

export function argumentsOf(call: ScriptReply["calls"][number]): string {
  return typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
}

export function finishOf(reply: ScriptReply): "stop" | "tool_calls" | "length" | "content_filter" {
  return reply.finish ?? (reply.calls.length > 0 ? "tool_calls" : "stop");
}

/** The usage in the script, or an estimate of four characters per token. */
export function usageOf(reply: ScriptReply, requestSize: number, cached = 0): NonNullable<ScriptReply["usage"]> {
  if (reply.usage !== undefined) return reply.usage;
  const written = (reply.text ?? "").length + reply.calls.reduce((sum, call) => sum + argumentsOf(call).length, 0);
  const reasoning = Math.ceil((reply.reasoning ?? "").length / 4);
  const input = Math.ceil(requestSize / 4);
  return { input, output: Math.ceil(written / 4) + reasoning, cached_input: Math.min(cached, input), reasoning };
}

/** Never splits a surrogate pair. */
function pieces(text: string, size: number): string[] {
  if (text.length <= size) return text === "" ? [] : [text];
  const characters = Array.from(text);
  const result: string[] = [];
  for (let at = 0; at < characters.length; at += size) result.push(characters.slice(at, at + size).join(""));
  return result;
}
