/** A key that came with the settings of a conversation, and for which model: it goes nowhere else. In memory only. */
import type { Settings } from "@deckhand/protocol";
import type { ModelChoice } from "../llm/model.ts";

export interface OwnKey {
  readonly apiKey: string;
  readonly keyFor: NonNullable<ModelChoice["keyFor"]>;
}

/** `settings`: as they are with what the key came with. */
export function ownKey(apiKey: string, { model: name, base_url: baseUrl }: Settings): OwnKey {
  return { apiKey, keyFor: { name, baseUrl } };
}
