/**
 * DeepSeek. A model that thinks wants what it thought back with every message of its own (`reasoning_content`), and refuses a
 * conversation where it is missing: what another model said, or what was said without a thought, has an empty one.
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
  body: (body) => told(body["model"] === "deepseek-chat" ? body : withThoughts(body)),
});

function withThoughts(body: Body): Body {
  return eachMessage(body, (message) =>
    message["role"] === "assistant" && message["reasoning_content"] === undefined
      ? { ...message, reasoning_content: "" }
      : message,
  );
}

/** Not to think at all is said in another place. */
function told({ reasoning_effort: effort, ...body }: Body): Body {
  if (effort === undefined) return body;
  return effort === "none"
    ? { ...body, thinking: { type: "disabled" } }
    : { ...body, reasoning_effort: effort === "minimal" ? "low" : effort };
}
