/**
 * OpenAI. `openai/…` is asked through Responses, which alone takes a model's reasoning back between the steps of a turn;
 * `openai_chat/…` through chat completions. https://platform.openai.com/docs/api-reference/responses
 */
import { createHash } from "node:crypto";
import type { ModelRequest } from "../../model.ts";
import { defaultFormat, type Provider } from "../provider.ts";

const load = () => import("@ai-sdk/openai");

const shared = {
  label: "OpenAI",
  keyVariables: ["OPENAI_API_KEY"],
  priceListId: "openai",
  isCompatible: false,
  url: () => "https://api.openai.com/v1",
  load,
  messageFormat: () => defaultFormat,
} as const;

export const openai: Provider = {
  ...shared,
  prefixes: ["openai"],
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createOpenAI({ baseURL: baseUrl, fetch, apiKey: apiKey ?? "" }).responses(model),
  options: (request) => ({ openai: notStored(request) }),
};

export const openaiChat: Provider = {
  ...shared,
  prefixes: ["openai_chat"],
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createOpenAI({ baseURL: baseUrl, fetch, apiKey: apiKey ?? "" }).chat(model),
  options: (request) => ({ openai: notStored(request) }),
};

/** Nothing of a conversation stays at the provider; its reasoning comes back encrypted instead. */
export function notStored(request: ModelRequest): { store: false; promptCacheKey: string } {
  return { store: false, promptCacheKey: cacheKey(request) };
}

/**
 * Requests that begin alike are sent to the machine that has the beginning in its cache. What a conversation begins with, up
 * to the model's first reply, stays as it is, so no more is needed; as a hash it says nothing that the request does not.
 */
function cacheKey({ system, messages }: ModelRequest): string {
  const first = messages.findIndex(({ role }) => role === "assistant");
  const beginning = messages.slice(0, first === -1 ? messages.length : first);
  const text = JSON.stringify([system, ...beginning]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 32);
}
