/**
 * Changes for models whose chat templates reject what others accept, wherever they run. Mistral: call ids have nine
 * letters and digits, and no user message directly follows results. Mistral and Gemma: consecutive user messages are
 * merged into one.
 */
import { createHash } from "node:crypto";
import { eachMessage, type Body, type Message } from "./chat-body.ts";

/** The body as the model's template accepts it; unchanged for other models. */
export function forTemplate(model: string, body: Body): Body {
  if (/mi(s|x|nis)tral|codestral|devstral|magistral|pixtral|voxtral/i.test(model)) {
    return mergeUserMessages(separateResultsAndUser(eachMessage(body, shortenIds)));
  }
  return /gemma/i.test(model) ? mergeUserMessages(body) : body;
}

function shortenIds(message: Message): Message {
  const { role, tool_calls: calls, tool_call_id: call } = message;
  if (role === "tool") return { ...message, tool_call_id: shortId(String(call)) };
  if (role !== "assistant" || !Array.isArray(calls)) return message;
  return { ...message, tool_calls: (calls as Message[]).map((one) => ({ ...one, id: shortId(String(one["id"])) })) };
}

/** Mistral's own ids are kept; others are hashed, so the same id always maps to the same short one. */
function shortId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  return createHash("sha256").update(id).digest("hex").slice(0, 9);
}

function separateResultsAndUser(body: Body): Body {
  const separator = { role: "assistant", content: "OK." };
  return changeMessages(body, (messages) =>
    messages.flatMap((message, at) =>
      message["role"] === "user" && messages[at - 1]?.["role"] === "tool" ? [separator, message] : [message],
    ),
  );
}

/** Contents with images are lists of parts, which are concatenated. */
function mergeUserMessages(body: Body): Body {
  return changeMessages(body, (messages) => {
    const merged: Message[] = [];
    for (const message of messages) {
      const last = merged.at(-1);
      if (message["role"] !== "user" || last?.["role"] !== "user") merged.push(message);
      else merged[merged.length - 1] = { ...last, content: joinContents(last["content"], message["content"]) };
    }
    return merged;
  });
}

function joinContents(a: unknown, b: unknown): unknown {
  if (typeof a === "string" && typeof b === "string") return `${a}\n\n${b}`;
  const parts = (content: unknown): unknown[] =>
    Array.isArray(content) ? content : [{ type: "text", text: String(content) }];
  return [...parts(a), ...parts(b)];
}

function changeMessages(body: Body, convert: (messages: readonly Message[]) => readonly Message[]): Body {
  const { messages } = body;
  return Array.isArray(messages) ? { ...body, messages: convert(messages as Message[]) } : body;
}
