/**
 * OpenAI. `openai/…` uses the Responses API, the only one that accepts reasoning back between the steps of a turn;
 * `openai_chat/…` uses chat completions. https://platform.openai.com/docs/api-reference/responses
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

/** The provider stores nothing of a conversation; it returns reasoning encrypted instead. */
export function notStored(request: ModelRequest): { store: false; promptCacheKey: string } {
  return { store: false, promptCacheKey: cacheKey(request) };
}

/**
 * Routes requests of a conversation to the machine that has their prefix cached. The messages before the first reply
 * never change, so their hash is a stable key, and reveals nothing that the request does not contain anyway.
 */
function cacheKey({ system, messages }: ModelRequest): string {
  const first = messages.findIndex(({ role }) => role === "assistant");
  const prefix = messages.slice(0, first === -1 ? messages.length : first);
  const text = JSON.stringify([system, ...prefix]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 32);
}
