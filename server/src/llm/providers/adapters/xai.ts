/**
 * xAI, through its Responses: chat completions give nothing of Grok's reasoning, and take none back.
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
    // The package knows OpenAI's models by name, and has to be told of others that they think.
    openai: { ...notStored(request), forceReasoning: true, systemMessageMode: "system" },
  }),
};
