/**
 * Mistral. Its chat completions differ: reasoning is a part of the content, in both directions; unknown fields are
 * rejected; and usage is always sent. What its models need wherever they run is in strict-templates.ts.
 * https://docs.mistral.ai/api/endpoint/chat
 */
import { eachMessage, type Message } from "../chat-body.ts";
import { compatibleProvider } from "./compatible.ts";

export const mistral = compatibleProvider({
  prefixes: ["mistral"],
  label: "Mistral",
  url: "https://api.mistral.ai/v1",
  keyVariables: ["MISTRAL_API_KEY"],
  priceListId: "mistral",
  includeUsage: false,
  body: (body) => eachMessage(body, withThinkingPart),
});

function withThinkingPart({ reasoning_content: reasoning, ...message }: Message): Message {
  if (typeof reasoning !== "string") return message;
  const { content } = message;
  const thinking = { type: "thinking", thinking: [{ type: "text", text: reasoning }] };
  const text = typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
  return { ...message, content: [thinking, ...text] };
}
