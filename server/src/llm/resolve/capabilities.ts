/**
 * What is known of a model without calling it: its context window and price from the price list; images, tool calls and
 * reasoning from the family in its name.
 */
import type { ModelInfo } from "@deckhand/protocol";
import { priceListEntry } from "../prices.ts";
import type { ModelAddress } from "../providers/provider.ts";
import type { ModelEntry } from "./entries.ts";

export type ModelCapabilities = Omit<ModelInfo, "name" | "default" | "demo">;

/** Families with a configurable reasoning effort. */
const reasoningFamilies =
  /^(o[1-9]|gpt-[5-9](?!.*chat)|gpt-oss|claude-(3-7|fable|[a-z]+-[4-9])|gemini-(2\.5|[3-9])|grok-(3-mini|[4-9])|deepseek-(reasoner|r1|v[4-9])|qwen-?3|magistral|glm-[4-9]|kimi-k2-thinking|minimax-m)/;
const nonReasoningFamilies =
  /^(gpt-[34]|chatgpt|claude-(3-[05]|[12])|gemini-1|grok-[12]|deepseek-chat|llama|mistral|mixtral|codestral|gemma|nova)/;
/** Families not trained for tool calling. */
const toollessFamilies = /^(o1-mini|o1-preview|gemma-?2|gemma:|llama-?2|phi-?[23]|llava|deepseek-r1:)/;
const toolFamilies =
  /^(o[1-9]|gpt-|chatgpt|claude-|gemini-|grok-|deepseek-|mistral-|magistral|codestral|devstral|qwen-?[23]|glm-|kimi-|nova-)/;

/** An entry in models.json takes precedence. */
export async function capabilitiesOf(address: ModelAddress, entry?: ModelEntry): Promise<ModelCapabilities> {
  const { provider, pricing, model } = address;
  const shortName = shortNameOf(model);
  const { contextTokens, price } = await priceListEntry(pricing, new Date());
  const local = pricing.price === undefined && (pricing.isFree || (pricing.provider === null && price !== null));
  const tools = toollessFamilies.test(shortName) ? false : toolFamilies.test(shortName) && !local ? true : null;
  return {
    provider: address.label,
    local,
    context_tokens: entry?.context_tokens ?? contextTokens,
    max_output_tokens: entry?.max_output_tokens ?? null,
    tools: entry?.tools ?? tools,
    images: entry?.images ?? takesImages(model),
    reasoning:
      entry?.reasoning ??
      (reasoningFamilies.test(shortName) ? true : nonReasoningFamilies.test(shortName) ? false : null),
    caching:
      provider.messageFormat(model).cacheMark !== null || shortName.startsWith("claude-")
        ? "marks"
        : pricing.provider === null
          ? null
          : "automatic",
    price,
  };
}

/** The name without the vendor prefix of a gateway, or the region and vendor of Bedrock. */
function shortNameOf(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  return name.replace(/^([a-z]+\.)*(?=[a-z])/, "");
}

/**
 * Whether the model can be sent images: known families of the large providers, also behind a gateway's prefix, and
 * names that indicate vision. Any other model is sent text only, because a server without vision rejects the whole
 * request.
 */
export function takesImages(model: string): boolean {
  const shortName = shortNameOf(model);
  if (/^(gpt-3|gpt-4(-0|-32k|$)|o1-mini|o1-preview|o3-mini|claude-(2|instant)|gemini-1\.0|gpt-oss)/.test(shortName))
    return false;
  if (/^(gpt-4|gpt-[5-9]|chatgpt-4o|o[1-9]|claude-|gemini-|grok-[4-9]|nova-(lite|pro|premier|2))/.test(shortName))
    return true;
  return /(^|[-_.:0-9])vl([-_.:]|$)|vision|llava|pixtral|gemma-?3|llama-?4|internvl|minicpm-v/.test(shortName);
}
