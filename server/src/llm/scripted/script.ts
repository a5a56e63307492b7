/**
 * A script is what a model says when nobody is there to think: a JSON file of replies, played by the `scripted` model and by
 * the model server.
 *
 *   { "replies": [
 *       { "text": "I write it.", "calls": [{ "name": "write", "arguments": { "path": "a", "content": "b" } }] },
 *       { "status": 429, "headers": { "retry-after": "1" } },
 *       { "calls": [{ "name": "finish", "arguments": { "thought": "Done." } }] } ],
 *     "after": "text" }
 *
 * Which reply is next is read from the request, so a script plays any number of conversations at once and needs no state:
 * the request that holds n replies of the model gets the n-th reply (from 0) that says something.
 *
 * A reply that says nothing fails: it has a `status` of 400 and more, `cut_after`, `hang`, a finish of `content_filter`, or neither text nor calls. The
 * model's reply will not be in the next request, so failures are counted here: those that stand before the n-th saying reply
 * are played first, in order, once for each first user message. Conversations with the same first message share that
 * count. Nothing else is remembered.
 *
 * `after` says what comes when the script is over: its `text` says so (the default), an `error` (status 400), the last reply
 * again and again, saying or failing (`repeat_last`), or the script from the start (`loop`).
 *
 * `conversations` holds scripts for conversations whose first user message has the text `when`; the first that fits
 * plays, and without one the replies at the top.
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
        /** `call_<number of the reply>_<number of the call>` when not given. */
        id: z.string().optional(),
      }),
    )
    .default([]),
  /** Why the model stopped, where it is not plain from the rest. */
  finish: z.enum(["stop", "tool_calls", "length", "content_filter"]).optional(),
  /** Time before the first byte. */
  delay_ms: milliseconds.default(0),
  /** Time between two chunks of the stream. */
  chunk_ms: milliseconds.default(0),
  /** Characters of a chunk; everything in one by default, 16 where the stream is slowed or cut. */
  chunk_size: z.int().min(1).optional(),
  /** HTTP status; 200 with a `body` sends the body as it is. */
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** Text is sent as it is, anything else as JSON. A provider's error of the status when not given. */
  body: z.unknown().optional(),
  /** The connection is cut after so many chunks. */
  cut_after: z.int().min(0).optional(),
  /** Never answers; with `cut_after`, falls silent after so many chunks. */
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
/** A script as people write it, defaults left out. */
export type ScriptInput = z.input<typeof scriptSchema>;

/** What a player has to know of a request. */
export interface RequestSummary {
  /** How many replies of the model the request holds. */
  readonly replies: number;
  /** Text of the first user message. */
  readonly task: string;
}

/** One of the pieces in which a reply is streamed. */
export type ScriptChunk =
  | { readonly of: "reasoning"; readonly text: string }
  | { readonly of: "text"; readonly text: string }
  /** The first piece of a call is the one with `start`. */
  | {
      readonly of: "call";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly start: boolean;
      readonly arguments: string;
    };

/** Distinct first messages whose failures are remembered, at most; the oldest is forgotten. */
const rememberedFailures = 10_000;

/** Reads and checks a script. Fails with `model_not_configured`; says where the file is wrong, never what stands in it. */
export async function readScript(path: string): Promise<Script> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new DeckhandError("model_not_configured", `The script ${path} cannot be read.`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DeckhandError("model_not_configured", `The script ${path} is not JSON.`);
  }
  const parsed = scriptSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`);
  throw new DeckhandError("model_not_configured", `${path} is not a script. ${lines.join("; ")}`);
}

/** Returns what finds the reply to a request. */
export function playScript(script: Script): (asked: RequestSummary) => ScriptReply {
  const played = new Map<string, number>();

  /** The failure of this place whose turn it is; undefined when all were played. */
  function nextFailure(failures: readonly ScriptReply[], key: string): ScriptReply | undefined {
    if (failures.length === 0) return undefined;
    const count = played.get(key) ?? 0;
    if (count >= failures.length) return undefined;
    const oldest = played.keys().next();
    if (played.size >= rememberedFailures && !oldest.done) played.delete(oldest.value);
    played.set(key, count + 1);
    return failures[count];
  }

  return (asked) => {
    const index = script.conversations.findIndex((one) => asked.task.includes(one.when));
    const { replies, after } = script.conversations[index] ?? script;
    const saying = replies.flatMap((reply, at) => (fails(reply) ? [] : [at]));
    const place = after === "loop" && saying.length > 0 ? asked.replies % saying.length : asked.replies;
    if (place <= saying.length) {
      const from = place === 0 ? 0 : (saying[place - 1] as number) + 1;
      const failure = nextFailure(replies.slice(from, saying[place]), `${index} ${asked.replies} ${asked.task}`);
      if (failure !== undefined) return failure;
    }
    const at = saying[place];
    return (at === undefined ? undefined : replies[at]) ?? whatComesAfter(after, replies);
  };
}

function whatComesAfter(after: Script["after"], replies: readonly ScriptReply[]): ScriptReply {
  const over = "The script is over: it has no more replies.";
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

export function chunksOf(reply: ScriptReply, asked: RequestSummary): readonly ScriptChunk[] {
  const size = reply.chunk_size ?? (reply.chunk_ms > 0 || reply.cut_after !== undefined ? 16 : Number.MAX_SAFE_INTEGER);
  const chunks: ScriptChunk[] = [];
  for (const text of pieces(reply.reasoning ?? "", size)) chunks.push({ of: "reasoning", text });
  for (const text of pieces(reply.text ?? "", size)) chunks.push({ of: "text", text });
  reply.calls.forEach((call, index) => {
    const id = call.id ?? `call_${asked.replies}_${index}`;
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

/** The usage of the script, or one made up from the sizes: four characters a token. */
export function usageOf(reply: ScriptReply, requestSize: number, cached = 0): NonNullable<ScriptReply["usage"]> {
  if (reply.usage !== undefined) return reply.usage;
  const written = (reply.text ?? "").length + reply.calls.reduce((sum, call) => sum + argumentsOf(call).length, 0);
  const reasoning = Math.ceil((reply.reasoning ?? "").length / 4);
  const input = Math.ceil(requestSize / 4);
  return { input, output: Math.ceil(written / 4) + reasoning, cached_input: Math.min(cached, input), reasoning };
}

/** Whole characters: a surrogate pair is never split. */
function pieces(text: string, size: number): string[] {
  if (text.length <= size) return text === "" ? [] : [text];
  const characters = Array.from(text);
  const result: string[] = [];
  for (let at = 0; at < characters.length; at += size) result.push(characters.slice(at, at + size).join(""));
  return result;
}
