/** A table of choices under a configuration, and the model that each resolves to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import type { ModelChoice } from "../model.ts";
import type { ModelAddress } from "../providers/provider.ts";
import { takesImages } from "./capabilities.ts";
import { resolve, resolveAlongside } from "./resolve.ts";

const variables = {
  OPENAI_API_KEY: "openai-key",
  ANTHROPIC_API_KEY: "anthropic-key",
  GEMINI_API_KEY: "gemini-key",
  OPENROUTER_API_KEY: "openrouter-key",
  DEEPSEEK_API_KEY: "deepseek-key",
  MISTRAL_API_KEY: "mistral-key",
  XAI_API_KEY: "xai-key",
  GROQ_API_KEY: "groq-key",
  AZURE_API_KEY: "azure-key",
  AZURE_RESOURCE_NAME: "mine",
  AWS_BEARER_TOKEN_BEDROCK: "bedrock-key",
  AWS_REGION: "eu-central-1",
};

function addressOf(choice: ModelChoice, configured: ModelChoice = {}): ModelAddress {
  const resolved = resolve(choice, { configured, env: variables });
  assert.equal(resolved.type, "provider");
  return resolved.address;
}

const names: readonly (readonly [name: string, prefix: string, model: string, url: string, key: string | undefined])[] =
  [
    ["gpt-4o", "openai", "gpt-4o", "https://api.openai.com/v1", "openai-key"],
    ["o3", "openai", "o3", "https://api.openai.com/v1", "openai-key"],
    ["openai/gpt-4o", "openai", "gpt-4o", "https://api.openai.com/v1", "openai-key"],
    ["claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", "https://api.anthropic.com/v1", "anthropic-key"],
    ["anthropic/claude-opus-4-1", "anthropic", "claude-opus-4-1", "https://api.anthropic.com/v1", "anthropic-key"],
    ["gemini-2.5-pro", "gemini", "gemini-2.5-pro", "https://generativelanguage.googleapis.com/v1beta", "gemini-key"],
    [
      "gemini/gemini-2.5-pro",
      "gemini",
      "gemini-2.5-pro",
      "https://generativelanguage.googleapis.com/v1beta",
      "gemini-key",
    ],
    [
      "google/gemini-2.5-pro",
      "gemini",
      "gemini-2.5-pro",
      "https://generativelanguage.googleapis.com/v1beta",
      "gemini-key",
    ],
    ["ollama/qwen3:8b", "ollama", "qwen3:8b", "http://127.0.0.1:11434/v1", undefined],
    ["ollama_chat/qwen3", "ollama", "qwen3", "http://127.0.0.1:11434/v1", undefined],
    ["lm_studio/qwen/qwen3-8b", "lm_studio", "qwen/qwen3-8b", "http://127.0.0.1:1234/v1", undefined],
    [
      "openrouter/anthropic/claude-sonnet-4.5",
      "openrouter",
      "anthropic/claude-sonnet-4.5",
      "https://openrouter.ai/api/v1",
      "openrouter-key",
    ],
    ["deepseek/deepseek-chat", "deepseek", "deepseek-chat", "https://api.deepseek.com/v1", "deepseek-key"],
    ["mistral/mistral-large-latest", "mistral", "mistral-large-latest", "https://api.mistral.ai/v1", "mistral-key"],
    ["xai/grok-4", "xai", "grok-4", "https://api.x.ai/v1", "xai-key"],
    ["openai_chat/gpt-4o", "openai_chat", "gpt-4o", "https://api.openai.com/v1", "openai-key"],
    ["azure/my-gpt", "azure", "my-gpt", "https://mine.openai.azure.com/openai/v1", "azure-key"],
    ["azure_chat/my-r1", "azure_chat", "my-r1", "https://mine.openai.azure.com/openai/v1", "azure-key"],
    [
      "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "bedrock",
      "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "https://bedrock-runtime.eu-central-1.amazonaws.com",
      "bedrock-key",
    ],
    ["llama_cpp/any", "llama_cpp", "any", "http://127.0.0.1:8080/v1", undefined],
    ["vllm/Qwen/Qwen3-8B", "vllm", "Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1", undefined],
    ["groq/openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b", "https://api.groq.com/openai/v1", "groq-key"],
  ];

for (const [name, prefix, model, url, key] of names) {
  test(`[M19] ${name} is ${model} at ${new URL(url).host}`, () => {
    const address = addressOf({}, { name });
    assert.deepEqual(
      [address.provider.prefixes[0], address.model, address.baseUrl, address.apiKey],
      [prefix, model, url, key],
    );
    assert.deepEqual(addressOf({ name }), address, "the same as the choice of a client");
  });
}

test("[M20] any name with a base URL is a compatible server at exactly that URL", () => {
  for (const [name, baseUrl, model, url = baseUrl] of [
    ["openai/my-model", "http://host:9/v1", "my-model"],
    ["gpt-4o", "http://host:9", "gpt-4o"],
    ["Qwen/Qwen3-8B", "http://host:9/v1/", "Qwen/Qwen3-8B"],
    // A gateway names the models of other vendors like this.
    ["anthropic/claude-sonnet-4.5", "https://gateway/v1", "anthropic/claude-sonnet-4.5"],
    ["ollama/qwen3", "http://box:11434", "qwen3", "http://box:11434/v1"],
    ["ollama/qwen3", "http://box:11434/v1", "qwen3"],
    ["", "http://host:9/v1", ""],
  ] as const) {
    const address = addressOf({}, { name, baseUrl });
    assert.equal(address.provider.isCompatible, true);
    assert.deepEqual([address.model, address.baseUrl], [model, url]);
  }
});

test("[M20] a base URL with a password or another scheme is rejected, and the error does not repeat it", () => {
  for (const baseUrl of ["http://me:secret@host/v1", "file:///etc/secret", "secret"]) {
    const resolving = () => resolve({ baseUrl }, { configured: {}, env: {} });
    assert.throws(resolving, failure("model_not_configured", /^(?!.*secret)The base URL of the model/));
  }
});

const openai = { name: "gpt-4o", apiKey: "configured" };
const ownServer = { name: "m", baseUrl: "http://home/v1", apiKey: "configured" };
const elsewhere = "http://elsewhere/v1";
const keyRows: readonly (readonly [what: string, choice: ModelChoice, configured: ModelChoice, key?: string])[] = [
  ["LLM_API_KEY takes precedence over the provider's variable", {}, openai, "configured"],
  ["the key of the choice takes precedence over both", { apiKey: "chosen" }, openai, "chosen"],
  [
    "a configured key without a configured model applies to the chosen model",
    { name: "gpt-4o" },
    { apiKey: "configured" },
    "configured",
  ],
  ["another provider is not sent the configured key", { name: "claude-sonnet-4-5" }, openai, "anthropic-key"],
  ["another model of the same provider is sent the configured key", { name: "gpt-5" }, openai, "configured"],
  ["a provider without keys is sent none", { name: "ollama/qwen3" }, openai],
  ["a chosen base URL is not sent the configured key", { baseUrl: elsewhere }, openai],
  ["nor if the name still means the configured provider", { name: "openai/gpt-4o", baseUrl: elsewhere }, openai],
  ["a chosen base URL is sent the key that came with it", { baseUrl: elsewhere, apiKey: "chosen" }, openai, "chosen"],
  ["another model at the configured base URL is sent the configured key", { name: "n" }, ownServer, "configured"],
  ["another base URL than the configured one is not", { baseUrl: elsewhere }, ownServer],
  ["a provider's variable is not sent to a base URL", {}, { name: "openai/gpt-4o", baseUrl: "http://proxy/v1" }],
];
for (const [what, choice, configured, key] of keyRows) {
  test(`[M21] ${what}`, () => assert.equal(addressOf(choice, configured).apiKey, key));
}

test("[M21] a model without its key is model_not_configured, and the error names the variables to set", () => {
  for (const [name, message] of [
    ["gpt-4o", "gpt-4o needs an API key for OpenAI: add one in the settings, or set LLM_API_KEY or OPENAI_API_KEY."],
    [
      "gemini/gemini-2.5-pro",
      "gemini/gemini-2.5-pro needs an API key for Google: add one in the settings, or set LLM_API_KEY or GEMINI_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY or GOOGLE_API_KEY.",
    ],
  ] as const) {
    assert.throws(() => resolve({}, { configured: { name }, env: {} }), failure("model_not_configured", message));
  }
});

test("[M19] an unknown provider is model_not_found, and the error lists the known ones", () => {
  assert.throws(
    () => resolve({}, { configured: { name: "acme/rocket-1" }, env: variables }),
    failure(
      "model_not_found",
      /^Unknown model provider acme\. Known providers: openai, openai_chat, anthropic, .*base URL\.$/,
    ),
  );
});

test("[M19] demo and scripted are names like any other, and no name means a server on this machine", () => {
  const configured = { name: "gpt-4o", baseUrl: "http://x/v1" };
  const resolveName = (name: string) => resolve({ name }, { configured, env: {} });
  assert.deepEqual(resolveName("demo"), { type: "demo" });
  assert.deepEqual(resolveName("scripted/a/b.json"), { type: "scripted", path: "a/b.json" });
  assert.deepEqual(resolve({ name: "" }, { configured: {}, env: variables, reasoningEffort: "low" }), {
    type: "local",
    apiKey: undefined,
    effort: "low",
  });
});

test("[MP18] the reasoning effort of the choice takes precedence over the configured one", () => {
  const config = { configured: openai, env: {}, reasoningEffort: "low" } as const;
  assert.partialDeepStrictEqual(resolve({}, config), { effort: "low" });
  assert.partialDeepStrictEqual(resolve({ reasoningEffort: "high" }, config), { effort: "high" });
});

test("[MP12] a fallback named with a provider runs there; any other runs at the configured base URL", () => {
  const config = { configured: ownServer, env: variables };
  assert.partialDeepStrictEqual(resolveAlongside("openai/gpt-4o", config), {
    address: { baseUrl: "https://api.openai.com/v1", apiKey: "openai-key" },
  });
  assert.partialDeepStrictEqual(resolveAlongside("n", config), {
    address: { baseUrl: "http://home/v1", apiKey: "configured" },
  });
});

test("[M7] images are sent to model families known to support them, and to no others", () => {
  const supported = [
    "gpt-4o",
    "gpt-4.1-mini",
    "gpt-5",
    "o3",
    "claude-sonnet-4-5",
    "claude-3-5-sonnet-latest",
    "gemini-2.5-flash",
    "qwen2.5vl:7b",
    "qwen3-vl-30b",
    "llava",
    "llama3.2-vision",
    "gemma3:12b",
    "anthropic/claude-opus-4.1",
    "google/gemini-3-pro",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-pro-v1:0",
    "grok-4",
  ];
  const unsupported = [
    "gpt-3.5-turbo",
    "gpt-4",
    "gpt-4-0613",
    "o1-mini",
    "o3-mini",
    "claude-2.1",
    "gpt-oss:20b",
    "openai/gpt-oss-120b",
    "qwen3:8b",
    "deepseek-chat",
    "llama3.3",
    "mistral-large",
    "grok-3",
    "",
  ];
  assert.deepEqual(
    supported.filter((name) => !takesImages(name)),
    [],
  );
  assert.deepEqual(unsupported.filter(takesImages), []);
});

function failure(code: string, message: string | RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof DeckhandError);
    assert.equal(error.code, code);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}
