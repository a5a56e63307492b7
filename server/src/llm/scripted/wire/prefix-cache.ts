/**
 * The cached prefix of a request, by OpenAI's rules: the longest prefix shared with an earlier request, if at least
 * 1,024 tokens, in steps of 128. https://platform.openai.com/docs/guides/prompt-caching
 */
import { loose } from "./wire.ts";

const minTokens = 1024;
const stepTokens = 128;
const charsPerToken = 4;
/** Of remembered requests, and their characters together; the oldest are forgotten. */
const maxRequests = 50;
const maxChars = 16 * 1024 * 1024;

export class PrefixCache {
  #requests: string[] = [];

  /** Estimated at four characters per token. Remembers the request. */
  cachedTokens(body: unknown): number {
    const text = cacheable(body);
    let shared = 0;
    for (const earlier of this.#requests) shared = sharedChars(text, earlier, shared);
    this.#requests.unshift(text);
    let chars = 0;
    this.#requests = this.#requests.filter((one, at) => at < maxRequests && (chars += one.length) <= maxChars);
    const tokens = Math.floor(shared / charsPerToken / stepTokens) * stepTokens;
    return tokens < minTokens ? 0 : tokens;
  }
}

/** In the order of the prompt: tools, system prompt, messages. Without cache marks. */
function cacheable(body: unknown): string {
  const { tools, toolConfig, system, systemInstruction, messages, input, contents } = loose(body);
  return JSON.stringify([tools ?? toolConfig, system ?? systemInstruction, messages ?? input ?? contents])
    .replaceAll(',"cache_control":{"type":"ephemeral"}', "")
    .replaceAll(',{"cachePoint":{"type":"default"}}', "");
}

/** The length of the shared prefix, or `min` if it is no longer than that. */
function sharedChars(a: string, b: string, min: number): number {
  const same = (chars: number): boolean => a.slice(0, chars) === b.slice(0, chars);
  let low = min;
  let high = Math.min(a.length, b.length);
  if (high <= min || !same(min + 1)) return min;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (same(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
