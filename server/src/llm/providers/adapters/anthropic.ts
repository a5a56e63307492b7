/** Anthropic, through the Messages API. https://docs.anthropic.com/en/api/messages */
import { type Provider } from "../provider.ts";

const load = () => import("@ai-sdk/anthropic");

export const anthropic: Provider = {
  prefixes: ["anthropic"],
  label: "Anthropic",
  keyVariables: ["ANTHROPIC_API_KEY"],
  priceListId: "anthropic",
  isCompatible: false,
  url: () => "https://api.anthropic.com/v1",
  load,
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createAnthropic({ baseURL: baseUrl, fetch, apiKey: apiKey ?? "" })(model),
  messageFormat: () => ({
    sendsReasoning: true,
    cacheMark: { anthropic: { cacheControl: { type: "ephemeral" } } },
    strict: true,
  }),
};
