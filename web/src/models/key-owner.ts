/** For whom a key is kept: a provider, or the origin of a server of one's own. Pure. */
import { providerKeys, type ModelProvider, type ProviderName } from "@deckhand/protocol";

/** Undefined for a provider whose key cannot be kept. */
export function keyOwnerOf(prefix: string): ProviderName | undefined {
  if (prefix === "gemini") return "google";
  return Object.hasOwn(providerKeys, prefix) ? (prefix as ProviderName) : undefined;
}

/** Those that take a key that can be kept, as a person looks for them. */
export function keyProviders(providers: readonly ModelProvider[]): readonly ModelProvider[] {
  const known = new Set<string>();
  return providers.filter(({ prefix, local, keys }) => {
    const owner = keyOwnerOf(prefix);
    if (local || keys.length === 0 || owner === undefined || known.has(owner)) return false;
    known.add(owner);
    return true;
  });
}

/**
 * The family of each provider that does this work at a fair price; the newest of it is proposed. A provider that is not here
 * proposes nothing.
 */
const families: Readonly<Record<string, RegExp>> = {
  openai: /^gpt-\d+(\.\d+)?$/,
  anthropic: /^claude-sonnet-\d{1,2}(-\d{1,2})?$/,
  gemini: /^gemini-\d+(\.\d+)?-flash$/,
  mistral: /^mistral-(small|medium)-latest$/,
  xai: /^grok-\d{1,2}(\.\d{1,2})?$/,
  deepseek: /^deepseek-v\d+(\.\d+)?-flash$|^deepseek-chat$/,
  groq: /^openai\/gpt-oss-120b$/,
  openrouter: /^anthropic\/claude-sonnet-\d(\.\d)?$/,
};

/** What its key is tried with at first, as it is chosen; empty where nothing can be proposed. */
export function suggestedModelOf({ prefix, known }: ModelProvider): string {
  const found = known.filter((name) => families[prefix]?.test(name) === true).toSorted(byVersion);
  const newest = found.at(-1);
  return newest === undefined ? "" : `${prefix}/${newest}`;
}

function byVersion(one: string, other: string): number {
  const versions = [one, other].map((name) => (name.match(/\d+/g) ?? []).map(Number));
  const [a = [], b = []] = versions;
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const by = (a[at] ?? 0) - (b[at] ?? 0);
    if (by !== 0) return by;
  }
  return 0;
}
