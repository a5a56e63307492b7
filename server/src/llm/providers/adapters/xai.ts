/**
 * xAI, through its Responses API: its chat completions neither return Grok's reasoning nor accept it back.
 * https://docs.x.ai/docs/api-reference
 */
import { notStored } from "./openai.ts";
import { defaultFormat, type Provider } from "../provider.ts";

const load = () => import("@ai-sdk/openai");

export const xai: Provider = {
  prefixes: ["xai"],
  label: "xAI",
  keyVariables: ["XAI_API_KEY"],
  priceListId: "x-ai",
  isCompatible: false,
  url: () => "https://api.x.ai/v1",
  load,
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createOpenAI({ name: "xai", baseURL: baseUrl, fetch, apiKey: apiKey ?? "" }).responses(model),
  messageFormat: () => defaultFormat,
  options: (request) => ({
    // The package recognizes only OpenAI's reasoning models by name.
    openai: { ...notStored(request), forceReasoning: true, systemMessageMode: "system" },
  }),
};
