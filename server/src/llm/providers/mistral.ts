/**
 * Mistral. Its chat completions differ: thinking is a part of a message's content, there and back; the id of a call has nine
 * letters and digits; a user may not speak right after results; fields that it does not know are refused, and it counts unasked.
 * https://docs.mistral.ai/api/endpoint/chat
 */
import { createHash } from "node:crypto";
import { compatibleProvider, eachMessage, type Body, type Message } from "./compatible.ts";

export const mistral = compatibleProvider({
  prefixes: ["mistral"],
  label: "Mistral",
  url: "https://api.mistral.ai/v1",
  keys: ["MISTRAL_API_KEY"],
  prices: "mistral",
  includeUsage: false,
  body: (body) => afterResults(eachMessage(body, written)),
});

function written({ reasoning_content: reasoning, ...message }: Message): Message {
  const { role, content, tool_calls: calls, tool_call_id: call } = message;
  if (role === "tool") return { ...message, tool_call_id: nine(String(call)) };
  if (role !== "assistant") return message;
  const ids = Array.isArray(calls)
    ? { tool_calls: (calls as Message[]).map((one) => ({ ...one, id: nine(String(one["id"])) })) }
    : {};
  if (typeof reasoning !== "string") return { ...message, ...ids };
  const thinking = { type: "thinking", thinking: [{ type: "text", text: reasoning }] };
  const text = typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
  return { ...message, content: [thinking, ...text], ...ids };
}

/** Its own ids stay; those of others are made to fit, the same one always in the same way. */
function nine(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  return createHash("sha256").update(id).digest("hex").slice(0, 9);
}

function afterResults(body: Body): Body {
  const messages = body["messages"] as readonly Message[];
  const between = { role: "assistant", content: "OK." };
  const whole = messages.flatMap((message, at) =>
    message["role"] === "user" && messages[at - 1]?.["role"] === "tool" ? [between, message] : [message],
  );
  return { ...body, messages: whole };
}
