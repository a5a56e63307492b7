/**
 * What is known of a model before it is asked: how much it reads and what it costs from the price list, what it sees, calls and
 * thinks from the families that are known.
 */
import type { ModelInfo } from "@deckhand/protocol";
import type { ModelEntry } from "./entries.ts";
import { priceListEntry } from "../prices.ts";
import type { ModelAddress } from "../providers/provider.ts";

export type ModelCapabilities = Omit<ModelInfo, "name" | "default" | "demo">;

/** Families that think and can be told how much. */
const thinks =
  /^(o[1-9]|gpt-[5-9](?!.*chat)|gpt-oss|claude-(3-7|fable|[a-z]+-[4-9])|gemini-(2\.5|[3-9])|grok-(3-mini|[4-9])|deepseek-(reasoner|r1|v[4-9])|qwen-?3|magistral|glm-[4-9]|kimi-k2-thinking|minimax-m)/;
const thinksNot =
  /^(gpt-[34]|chatgpt|claude-(3-[05]|[12])|gemini-1|grok-[12]|deepseek-chat|llama|mistral|mixtral|codestral|gemma|nova)/;
/** Families that were not taught to call. */
const callsNot = /^(o1-mini|o1-preview|gemma-?2|gemma:|llama-?2|phi-?[23]|llava|deepseek-r1:)/;
const calls =
  /^(o[1-9]|gpt-|chatgpt|claude-|gemini-|grok-|deepseek-|mistral-|magistral|codestral|devstral|qwen-?[23]|glm-|kimi-|nova-)/;

/** An entry's word goes before what is known. */
export async function capabilitiesOf(address: ModelAddress, entry?: ModelEntry): Promise<ModelCapabilities> {
  const { provider, pricing, model } = address;
  const name = familyOf(model);
  const { contextTokens, price } = await priceListEntry(pricing, new Date());
  const local = pricing.price === undefined && (pricing.isFree || (pricing.provider === null && price !== null));
  const known = callsNot.test(name) ? false : calls.test(name) && !local ? true : null;
  return {
    provider: address.label,
    local,
    context_tokens: entry?.context_tokens ?? contextTokens,
    max_output_tokens: entry?.max_output_tokens ?? null,
    tools: entry?.tools ?? known,
    images: entry?.images ?? takesImages(model),
    reasoning: entry?.reasoning ?? (thinks.test(name) ? true : thinksNot.test(name) ? false : null),
    caching:
      provider.messageFormat(model).cacheMark !== null || name.startsWith("claude-")
        ? "marks"
        : pricing.provider === null
          ? null
          : "automatic",
    price,
  };
}

/** Without the owner that gateways put in front, and Bedrock's region and owner. */
function familyOf(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  return name.replace(/^([a-z]+\.)*(?=[a-z])/, "");
}

/**
 * Whether images are sent. Known families of the three big providers, also behind a gateway's prefix, and names that say
 * vision; anything else counts as text only, since a server that cannot read images refuses the whole request.
 */
export function takesImages(model: string): boolean {
  const name = familyOf(model);
  if (/^(gpt-3|gpt-4(-0|-32k|$)|o1-mini|o1-preview|o3-mini|claude-(2|instant)|gemini-1\.0|gpt-oss)/.test(name))
    return false;
  if (/^(gpt-4|gpt-[5-9]|chatgpt-4o|o[1-9]|claude-|gemini-|grok-[4-9]|nova-(lite|pro|premier|2))/.test(name))
    return true;
  return /(^|[-_.:0-9])vl([-_.:]|$)|vision|llava|pixtral|gemma-?3|llama-?4|internvl|minicpm-v/.test(name);
}
