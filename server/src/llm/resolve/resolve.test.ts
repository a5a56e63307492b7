import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import type { ModelChoice } from "../model.ts";
import { takesImages } from "./capabilities.ts";
import { resolveModel } from "./resolve.ts";

const keys = {
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

function named(choice: ModelChoice, configured: ModelChoice = {}, env: Record<string, string> = keys) {
  const result = resolveModel({ choice, configured, env });
  assert.equal(result.kind, "address");
  return result.address;
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
    const address = named({}, { name });
    assert.deepEqual(
      [address.provider.prefixes[0], address.model, address.baseUrl, address.apiKey],
      [prefix, model, url, key],
    );
    assert.deepEqual(named({ name }), address, "the same as a client's choice");
  });
}

test("[M20] any name with a base URL is a compatible server at that URL, as it is given", () => {
  const at = (name: string, baseUrl: string) => {
    const address = named({}, { name, baseUrl });
    assert.equal(address.provider.isCompatible, true);
    return [address.model, address.baseUrl];
  };
  assert.deepEqual(at("openai/my-model", "http://host:9/v1"), ["my-model", "http://host:9/v1"]);
  assert.deepEqual(at("gpt-4o", "http://host:9"), ["gpt-4o", "http://host:9"]);
  assert.deepEqual(at("Qwen/Qwen3-8B", "http://host:9/v1/"), ["Qwen/Qwen3-8B", "http://host:9/v1/"]);
  // As gateways name the models of others.
  assert.deepEqual(at("anthropic/claude-sonnet-4.5", "https://gateway/v1"), [
    "anthropic/claude-sonnet-4.5",
    "https://gateway/v1",
  ]);
  assert.deepEqual(at("ollama/qwen3", "http://box:11434"), ["qwen3", "http://box:11434/v1"]);
  assert.deepEqual(at("ollama/qwen3", "http://box:11434/v1"), ["qwen3", "http://box:11434/v1"]);
  assert.deepEqual(at("", "http://host:9/v1"), ["", "http://host:9/v1"]);
});

test("[M20] a base URL with a password in it, or of another kind, is refused without repeating it", () => {
  for (const baseUrl of ["http://me:secret@host/v1", "file:///etc/secret", "secret"]) {
    const choose = () => resolveModel({ choice: { baseUrl }, configured: {}, env: {} });
    assert.throws(choose, fails("model_not_configured", /^(?!.*secret).*LLM_BASE_URL/));
  }
});

test("[M21] LLM_API_KEY goes before a provider's own variable", () => {
  assert.equal(named({}, { name: "gpt-4o", apiKey: "given" }).apiKey, "given");
  assert.equal(named({ apiKey: "chosen" }, { name: "gpt-4o", apiKey: "given" }).apiKey, "chosen");
  assert.equal(named({ name: "gpt-4o" }, { apiKey: "given" }).apiKey, "given");
});

test("[M21] a key goes to whom it was given for, and to nobody else", () => {
  const configured = { name: "gpt-4o", apiKey: "given" };
  // A client chooses another provider: its own key is taken, the configured one is not sent there.
  assert.equal(named({ name: "claude-sonnet-4-5" }, configured).apiKey, "anthropic-key");
  assert.equal(named({ name: "gpt-5" }, configured).apiKey, "given");
  // A client chooses another address: it brings a key, or there is none.
  assert.equal(named({ baseUrl: "http://elsewhere/v1" }, configured).apiKey, undefined);
  assert.equal(named({ name: "openai/gpt-4o", baseUrl: "http://elsewhere/v1" }, configured).apiKey, undefined);
  assert.equal(named({ baseUrl: "http://elsewhere/v1", apiKey: "theirs" }, configured).apiKey, "theirs");
  const home = { name: "m", baseUrl: "http://home/v1", apiKey: "given" };
  assert.equal(named({ name: "other" }, home).apiKey, "given");
  assert.equal(named({ baseUrl: "http://elsewhere/v1" }, home).apiKey, undefined);
  // Keys that lie in the environment for other programs go to their provider's own address alone.
  assert.equal(named({}, { name: "openai/gpt-4o", baseUrl: "http://proxy/v1" }).apiKey, undefined);
  assert.equal(named({ name: "ollama/qwen3" }, configured).apiKey, undefined);
});

test("[M21] a model without its key is model_not_configured, with the names of what to set", () => {
  for (const [name, says] of [
    ["gpt-4o", "gpt-4o needs a key of OpenAI: set LLM_API_KEY or OPENAI_API_KEY."],
    [
      "gemini/gemini-2.5-pro",
      "gemini/gemini-2.5-pro needs a key of Google: set LLM_API_KEY or GEMINI_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY or GOOGLE_API_KEY.",
    ],
  ] as const) {
    assert.throws(
      () => resolveModel({ choice: {}, configured: { name }, env: {} }),
      fails("model_not_configured", says),
    );
  }
});

test("[M19] a provider that nobody knows is model_not_found, with those that are known", () => {
  assert.throws(
    () => resolveModel({ choice: {}, configured: { name: "acme/rocket-1" }, env: keys }),
    fails(
      "model_not_found",
      /^No provider is called acme\. Known are openai, openai_chat, anthropic, .* set LLM_BASE_URL\.$/,
    ),
  );
});

test("[M19] demo and scripted are names like the others; nothing at all is looked for", () => {
  const byName = (name: string) =>
    resolveModel({ choice: { name }, configured: { name: "gpt-4o", baseUrl: "http://x/v1" }, env: {} });
  assert.deepEqual(byName("demo"), { kind: "demo" });
  assert.deepEqual(byName("scripted/a/b.json"), { kind: "scripted", path: "a/b.json" });
  assert.deepEqual(resolveModel({ choice: { name: "" }, configured: {}, env: keys }), { kind: "discover" });
});

test("[M7] images are sent to families that are known to see, and to no other", () => {
  const see = [
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
  const blind = [
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
    see.filter((name) => !takesImages(name)),
    [],
  );
  assert.deepEqual(blind.filter(takesImages), []);
});

function fails(code: string, says: string | RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof DeckhandError);
    assert.equal(error.code, code);
    if (typeof says === "string") assert.equal(error.message, says);
    else assert.match(error.message, says);
    return true;
  };
}
