/** The owner of a saved key: a provider, or the origin of a custom endpoint. Pure. */
import { providerKeys, type ModelProvider, type ProviderName } from "@deckhand/protocol";

/** Undefined for a provider whose key cannot be saved. */
export function keyOwnerOf(prefix: string): ProviderName | undefined {
  if (prefix === "gemini") return "google";
  return Object.hasOwn(providerKeys, prefix) ? (prefix as ProviderName) : undefined;
}

/** The providers whose key can be saved, each once. */
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
 * For each provider, the model family that suits agents at a fair price; its newest model is suggested. Providers that
 * are not listed have no suggestion.
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

/** The model that a key of this provider is tested with by default; empty without a suggestion. */
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
