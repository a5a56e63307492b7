/**
 * What a provider that caches would find again of a request, as OpenAI tells of it: the longest beginning that a request before it
 * had, from 1,024 tokens on, in steps of 128. https://platform.openai.com/docs/guides/prompt-caching
 */
import { loose } from "./wire.ts";

const leastTokens = 1024;
const stepTokens = 128;
const charsOfToken = 4;
/** Requests that are remembered, and their characters together; the oldest are forgotten. */
const mostRequests = 50;
const mostChars = 16 * 1024 * 1024;

export class PrefixCache {
  #seen: string[] = [];

  /** Of input tokens, counted at four characters a token. Remembers the request. */
  cachedTokens(body: unknown): number {
    const text = cacheable(body);
    let shared = 0;
    for (const before of this.#seen) shared = sharedChars(text, before, shared);
    this.#seen.unshift(text);
    let chars = 0;
    this.#seen = this.#seen.filter((one, at) => at < mostRequests && (chars += one.length) <= mostChars);
    const tokens = Math.floor(shared / charsOfToken / stepTokens) * stepTokens;
    return tokens < leastTokens ? 0 : tokens;
  }
}

/** In the order in which providers read: tools, what the system says, messages. Marks are no part of it. */
function cacheable(body: unknown): string {
  const { tools, toolConfig, system, systemInstruction, messages, input, contents } = loose(body);
  return JSON.stringify([tools ?? toolConfig, system ?? systemInstruction, messages ?? input ?? contents])
    .replaceAll(',"cache_control":{"type":"ephemeral"}', "")
    .replaceAll(',{"cachePoint":{"type":"default"}}', "");
}

/** Longer than `least`, or `least`. */
function sharedChars(a: string, b: string, least: number): number {
  const same = (chars: number): boolean => a.slice(0, chars) === b.slice(0, chars);
  let low = least;
  let high = Math.min(a.length, b.length);
  if (high <= least || !same(least + 1)) return least;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (same(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
