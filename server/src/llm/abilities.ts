/**
 * What is known of a model before it is asked: how much it reads and what it costs from the price list, what it sees, calls and
 * thinks from the families that are known.
 */
import type { ModelInfo } from "@deckhand/protocol";
import { listed } from "./prices.ts";
import { takesImages } from "./providers/names.ts";
import type { ModelAddress } from "./providers/names.ts";

export type Abilities = Omit<ModelInfo, "name" | "default" | "demo">;

/** Families that think and can be told how much. */
const thinks =
  /^(o[1-9]|gpt-[5-9]|gpt-oss|claude-(3-7|fable|[a-z]+-[4-9])|gemini-(2\.5|[3-9])|grok-(3-mini|[4-9])|deepseek-(reasoner|r1|v[4-9])|qwen-?3|magistral|glm-[4-9]|kimi-k2-thinking|minimax-m)/;
const thinksNot =
  /^(gpt-[34]|chatgpt|claude-(3-[05]|[12])|gemini-1|grok-[12]|deepseek-chat|llama|mistral|mixtral|codestral|gemma)/;
/** Families that were not taught to call. */
const callsNot = /^(o1-mini|o1-preview|gemma-?2|gemma:|llama-?2|phi-?[23]|llava|deepseek-r1:)/;
const calls =
  /^(o[1-9]|gpt-|chatgpt|claude-|gemini-|grok-|deepseek-|mistral-|magistral|codestral|devstral|qwen-?[23]|glm-|kimi-)/;

export async function abilitiesOf(address: ModelAddress): Promise<Abilities> {
  const name = familyOf(address.model);
  const { contextTokens, price } = await listed(address.priced, new Date());
  const local = address.priced.free || (address.priced.provider === null && price === null);
  return {
    provider: address.label,
    local,
    context_tokens: contextTokens,
    max_output_tokens: null,
    tools: callsNot.test(name) ? false : calls.test(name) && !local ? true : null,
    images: takesImages(address.model),
    reasoning: thinks.test(name) ? true : thinksNot.test(name) ? false : null,
    caching: name.startsWith("claude") ? "marks" : address.priced.provider === null ? null : "automatic",
    price,
  };
}

/** Without the owner that gateways put in front, and the region of Bedrock. */
export function familyOf(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  return name.replace(/^([a-z]+\.)*(?=[a-z])/, "");
}
