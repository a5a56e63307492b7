/** LM Studio. https://lmstudio.ai/docs/developer/openai-compat */
import { compatibleProvider } from "./compatible.ts";

export const lmStudio = compatibleProvider({
  prefixes: ["lm_studio"],
  label: "LM Studio",
  url: "http://127.0.0.1:1234/v1",
  keys: [],
  prices: null,
});
