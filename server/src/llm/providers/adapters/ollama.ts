/** Ollama, through its OpenAI-compatible API. https://docs.ollama.com/api/openai-compatibility */
import { eachMessage } from "../chat-body.ts";
import { compatibleProvider } from "./compatible.ts";

export const ollama = compatibleProvider({
  prefixes: ["ollama", "ollama_chat"],
  label: "Ollama",
  url: "http://127.0.0.1:11434/v1",
  keyVariables: [],
  priceListId: null,
  // https://docs.ollama.com/api/ps: the context it was loaded with, which is usually less than the model supports.
  loadedModels: {
    path: "/api/ps",
    contextTokens: (answer, model) => {
      const { models } = answer as { models?: { model?: string; context_length?: unknown }[] };
      return models?.find((one) => one.model === model || one.model === `${model}:latest`)?.context_length;
    },
  },
  body: (body) =>
    eachMessage(body, ({ reasoning_content: reasoning, ...message }) =>
      reasoning === undefined ? message : { ...message, reasoning },
    ),
});
