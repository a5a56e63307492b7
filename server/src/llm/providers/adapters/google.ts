/** Google, through the Gemini API. https://ai.google.dev/api/generate-content */
import { defaultFormat, type Provider } from "../provider.ts";

const load = () => import("@ai-sdk/google");

export const google: Provider = {
  prefixes: ["gemini", "google"],
  label: "Google",
  keyVariables: ["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY"],
  priceListId: "google",
  isCompatible: false,
  url: () => "https://generativelanguage.googleapis.com/v1beta",
  load,
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createGoogle({ baseURL: baseUrl, fetch, apiKey: apiKey ?? "" })(model),
  messageFormat: () => defaultFormat,
};
