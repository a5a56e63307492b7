/** Gemini. https://ai.google.dev/api/generate-content */
import { plainWriting, type Provider } from "./provider.ts";

const load = () => import("@ai-sdk/google");

export const google: Provider = {
  prefixes: ["gemini", "google"],
  label: "Google",
  keys: ["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY"],
  prices: "google",
  compatible: false,
  url: () => "https://generativelanguage.googleapis.com/v1beta",
  load,
  connect: async ({ model, baseUrl, apiKey }, fetch) =>
    (await load()).createGoogle({ baseURL: baseUrl, fetch, apiKey: apiKey ?? "" })(model),
  writing: () => plainWriting,
};
