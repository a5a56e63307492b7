/** All providers by prefix. A new one is a file in adapters/, its recordings, and a line here. */
import { anthropic } from "./adapters/anthropic.ts";
import { azure, azureChat } from "./adapters/azure.ts";
import { bedrock } from "./adapters/bedrock.ts";
import { compatible } from "./adapters/compatible.ts";
import { deepseek } from "./adapters/deepseek.ts";
import { google } from "./adapters/google.ts";
import { groq } from "./adapters/groq.ts";
import { llamaCpp } from "./adapters/llama-cpp.ts";
import { lmStudio } from "./adapters/lm-studio.ts";
import { mistral } from "./adapters/mistral.ts";
import { ollama } from "./adapters/ollama.ts";
import { openai, openaiChat } from "./adapters/openai.ts";
import { openrouter } from "./adapters/openrouter.ts";
import type { Provider } from "./provider.ts";
import { vllm } from "./adapters/vllm.ts";
import { xai } from "./adapters/xai.ts";

export const providers: readonly Provider[] = [
  openai,
  openaiChat,
  anthropic,
  google,
  bedrock,
  azure,
  azureChat,
  openrouter,
  mistral,
  xai,
  deepseek,
  groq,
  ollama,
  lmStudio,
  llamaCpp,
  vllm,
];

const byPrefix = new Map(
  [...providers, compatible].flatMap((provider) => provider.prefixes.map((prefix) => [prefix, provider] as const)),
);

export function providerOf(prefix: string): Provider | undefined {
  return byPrefix.get(prefix);
}

/** Self-hosted servers on their usual ports, to look for when no model is configured. */
export const defaultLocalServers: readonly { readonly prefix: string; readonly label: string; readonly url: string }[] =
  [ollama, lmStudio, llamaCpp, vllm].map((provider) => ({
    prefix: provider.prefixes[0],
    label: provider.label,
    url: provider.url({}),
  }));
