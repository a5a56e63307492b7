/**
 * Models whose templates refuse what others take, wherever they run. Mistral's: ids of calls have nine letters and digits, and a
 * user does not speak right after results. Mistral's and Gemma's: what a user says in a row is one message.
 */
import { createHash } from "node:crypto";
import { eachMessage, type Body, type Message } from "./chat-body.ts";

/** The body as the model's template takes it; of other models as it is. */
export function forTemplate(model: string, body: Body): Body {
  if (/mi(s|x|nis)tral|codestral|devstral|magistral|pixtral|voxtral/i.test(model)) {
    return oneVoice(betweenResultsAndUser(eachMessage(body, withShortIds)));
  }
  return /gemma/i.test(model) ? oneVoice(body) : body;
}

function withShortIds(message: Message): Message {
  const { role, tool_calls: calls, tool_call_id: call } = message;
  if (role === "tool") return { ...message, tool_call_id: nine(String(call)) };
  if (role !== "assistant" || !Array.isArray(calls)) return message;
  return { ...message, tool_calls: (calls as Message[]).map((one) => ({ ...one, id: nine(String(one["id"])) })) };
}

/** Its own ids stay; those of others are made to fit, the same one always in the same way. */
function nine(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  return createHash("sha256").update(id).digest("hex").slice(0, 9);
}

function betweenResultsAndUser(body: Body): Body {
  const between = { role: "assistant", content: "OK." };
  return change(body, (messages) =>
    messages.flatMap((message, at) =>
      message["role"] === "user" && messages[at - 1]?.["role"] === "tool" ? [between, message] : [message],
    ),
  );
}

/** Pictures are parts, which stand in a row as well. */
function oneVoice(body: Body): Body {
  return change(body, (messages) => {
    const whole: Message[] = [];
    for (const message of messages) {
      const last = whole.at(-1);
      if (message["role"] !== "user" || last?.["role"] !== "user") whole.push(message);
      else whole[whole.length - 1] = { ...last, content: joined(last["content"], message["content"]) };
    }
    return whole;
  });
}

function joined(a: unknown, b: unknown): unknown {
  if (typeof a === "string" && typeof b === "string") return `${a}\n\n${b}`;
  const parts = (content: unknown): unknown[] =>
    Array.isArray(content) ? content : [{ type: "text", text: String(content) }];
  return [...parts(a), ...parts(b)];
}

function change(body: Body, how: (messages: readonly Message[]) => readonly Message[]): Body {
  const { messages } = body;
  return Array.isArray(messages) ? { ...body, messages: how(messages as Message[]) } : body;
}
