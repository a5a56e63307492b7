/**
 * xAI, through its Responses: chat completions give nothing of Grok's reasoning, and take none back.
 * https://docs.x.ai/docs/api-reference
 */
import { keptNowhere } from "./openai.ts";
import { plainWriting, type Provider } from "./provider.ts";

const load = () => import("@ai-sdk/openai");

export const xai: Provider = {
  prefixes: ["xai"],
  label: "xAI",
  keys: ["XAI_API_KEY"],
  prices: "x-ai",
  compatible: false,
  url: () => "https://api.x.ai/v1",
  load,
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createOpenAI({ name: "xai", baseURL: baseUrl, fetch, apiKey: apiKey ?? "" }).responses(model),
  writing: () => plainWriting,
  options: (request) => ({
    // The package knows OpenAI's models by name, and has to be told of others that they think.
    openai: { ...keptNowhere(request), forceReasoning: true, systemMessageMode: "system" },
  }),
};
