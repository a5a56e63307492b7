/** A key that came with the settings of a conversation, and for which model: it goes nowhere else. In memory only. */
import type { Settings } from "@deckhand/protocol";
import type { ModelChoice } from "../llm/model.ts";

export interface SessionKey {
  readonly apiKey: string;
  readonly keyFor: NonNullable<ModelChoice["keyFor"]>;
}

/** `settings`: as they are with what the key came with. */
export function sessionKey(apiKey: string, { model: name, base_url: baseUrl }: Settings): SessionKey {
  return { apiKey, keyFor: { name, baseUrl } };
}
