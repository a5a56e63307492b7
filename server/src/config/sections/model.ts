import { reasoningEfforts } from "@deckhand/protocol";
import { option, section } from "../option.ts";
import { boolean, choice, integer, list, positive, secret, text, url } from "../value-types.ts";

export const model = section("Model", {
  name: option({
    variable: "LLM_MODEL",
    type: text,
    defaultText: "a model found on this machine, else `demo`",
    saved: (settings) => settings.model?.name,
    live: true,
    description:
      "`gpt-4o`, `anthropic/…`, `gemini/…`, `ollama/…`, `openrouter/…`, `scripted/FILE.json`, `demo`; see the table of providers below.",
  }),
  apiKey: option({
    variable: "LLM_API_KEY",
    type: secret(1),
    defaultText: "the provider's own variable",
    description: "API key for the model's provider.",
  }),
  baseUrl: option({
    variable: "LLM_BASE_URL",
    type: url,
    saved: (settings) => settings.model?.base_url,
    live: true,
    description: "Base URL of any OpenAI-compatible server.",
  }),
  fallbacks: option({
    variable: "LLM_FALLBACK",
    type: list,
    default: [],
    saved: (settings) => settings.model?.fallbacks,
    live: true,
    description: "Models to try, in this order, when the model is unreachable.",
  }),
  smallModel: option({
    variable: "LLM_SMALL_MODEL",
    type: text,
    defaultText: "the model itself",
    saved: (settings) => settings.model?.small_model,
    live: true,
    description: "Model for titles and summaries.",
  }),
  reasoningEffort: option({
    variable: "LLM_REASONING_EFFORT",
    type: choice(reasoningEfforts),
    defaultText: "the model's own",
    saved: (settings) => settings.model?.reasoning_effort,
    live: true,
    description: "Reasoning effort, for models that support it: `none`, `minimal`, `low`, `medium`, `high` or `xhigh`.",
  }),
  retries: option({
    variable: "LLM_NUM_RETRIES",
    type: integer(0, 20),
    default: 5,
    description: "Retries after a transient failure (rate limit, 5xx, dropped stream).",
  }),
  timeoutSeconds: option({
    variable: "LLM_TIMEOUT",
    type: positive(),
    default: 120,
    description: "Seconds without any data after which a model call is aborted.",
  }),
  contextTokens: option({
    variable: "LLM_MAX_INPUT_TOKENS",
    type: integer(1000),
    defaultText: "known per model",
    description: "Size of the context window in tokens; older history is summarised before it is full.",
  }),
  nativeToolCalling: option({
    variable: "LLM_NATIVE_TOOL_CALLING",
    type: boolean,
    defaultText: "detected",
    description: "`false` describes the tools in the prompt and parses calls from the model's text.",
  }),
  discover: option({
    variable: "DECKHAND_DISCOVER",
    type: boolean,
    default: true,
    description: "Look for a local model server (Ollama, LM Studio, llama.cpp, vLLM) when no model is configured.",
  }),
});
