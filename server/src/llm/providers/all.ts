/** All providers by name. A new one is a file, its recordings, and a line here. */
import { anthropic } from "./anthropic.ts";
import { azure, azureChat } from "./azure.ts";
import { bedrock } from "./bedrock.ts";
import { compatible } from "./compatible.ts";
import { deepseek } from "./deepseek.ts";
import { google } from "./google.ts";
import { groq } from "./groq.ts";
import { llamaCpp } from "./llama-cpp.ts";
import { lmStudio } from "./lm-studio.ts";
import { mistral } from "./mistral.ts";
import { ollama } from "./ollama.ts";
import { openai, openaiChat } from "./openai.ts";
import { openrouter } from "./openrouter.ts";
import type { Provider } from "./provider.ts";
import { vllm } from "./vllm.ts";
import { xai } from "./xai.ts";

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

/** Servers that people run themselves, on their usual ports: they are looked for when nothing is configured. */
export const localServers: readonly { readonly prefix: string; readonly label: string; readonly url: string }[] = [
  ollama,
  lmStudio,
  llamaCpp,
  vllm,
].map((provider) => ({ prefix: provider.prefixes[0], label: provider.label, url: provider.url({}) }));
