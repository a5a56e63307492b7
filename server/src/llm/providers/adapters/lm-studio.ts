/** LM Studio. https://lmstudio.ai/docs/developer/openai-compat */
import { compatibleProvider } from "./compatible.ts";

export const lmStudio = compatibleProvider({
  prefixes: ["lm_studio"],
  label: "LM Studio",
  url: "http://127.0.0.1:1234/v1",
  keyVariables: [],
  priceListId: null,
  // https://lmstudio.ai/docs/developer/rest/endpoints
  loadedModels: {
    path: "/api/v0/models",
    contextTokens: (answer, model) => {
      const { data } = answer as { data?: { id?: string; loaded_context_length?: unknown }[] };
      return data?.find(({ id }) => id === model)?.loaded_context_length;
    },
  },
});
