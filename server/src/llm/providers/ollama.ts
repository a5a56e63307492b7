/** Ollama, through its OpenAI-compatible address. https://docs.ollama.com/api/openai-compatibility */
import { eachMessage } from "./body.ts";
import { compatibleProvider } from "./compatible.ts";

export const ollama = compatibleProvider({
  prefixes: ["ollama", "ollama_chat"],
  label: "Ollama",
  url: "http://127.0.0.1:11434/v1",
  keys: [],
  prices: null,
  body: (body) =>
    eachMessage(body, ({ reasoning_content: reasoning, ...message }) =>
      reasoning === undefined ? message : { ...message, reasoning },
    ),
});
