/** Groq. It rejects unknown fields, including reasoning. https://console.groq.com/docs/openai */
import { compatibleProvider } from "./compatible.ts";

export const groq = compatibleProvider({
  prefixes: ["groq"],
  label: "Groq",
  url: "https://api.groq.com/openai/v1",
  keyVariables: ["GROQ_API_KEY"],
  priceListId: "groq",
  sendsReasoning: false,
});
