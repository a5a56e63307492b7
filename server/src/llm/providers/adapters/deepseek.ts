/**
 * DeepSeek. A reasoning model requires `reasoning_content` in every assistant message, and rejects a conversation where
 * it is missing, so messages of other models and messages without reasoning get an empty one.
 * https://api-docs.deepseek.com/guides/thinking_mode
 */
import { eachMessage, type Body } from "../chat-body.ts";
import { compatibleProvider } from "./compatible.ts";

export const deepseek = compatibleProvider({
  prefixes: ["deepseek"],
  label: "DeepSeek",
  url: "https://api.deepseek.com/v1",
  keyVariables: ["DEEPSEEK_API_KEY"],
  priceListId: "deepseek",
  body: (body) => withEffort(body["model"] === "deepseek-chat" ? body : withReasoning(body)),
});

function withReasoning(body: Body): Body {
  return eachMessage(body, (message) =>
    message["role"] === "assistant" && message["reasoning_content"] === undefined
      ? { ...message, reasoning_content: "" }
      : message,
  );
}

/** Turning reasoning off is a separate field. */
function withEffort({ reasoning_effort: effort, ...body }: Body): Body {
  if (effort === undefined) return body;
  return effort === "none"
    ? { ...body, thinking: { type: "disabled" } }
    : { ...body, reasoning_effort: effort === "minimal" ? "low" : effort };
}
