/** For the contract: the requests of each provider, and the content of its recordings. */
import assert from "node:assert/strict";
import type { Usage } from "@deckhand/protocol";
import { thought, type Body, type ProviderCase } from "./provider.contract.ts";

const used = (input: number, output: number, more: Partial<Usage> = {}): Usage => ({
  input,
  output,
  cached_input: 1024,
  cache_write: 0,
  reasoning: 0,
  ...more,
});
const counted = { text: used(1200, 20), reasoning: used(1300, 90, { reasoning: 64 }) };
const uncached = { text: used(1200, 20, { cached_input: 0 }), reasoning: used(1300, 90, { cached_input: 0 }) };
const written = { text: used(1200, 20, { cache_write: 100 }), reasoning: used(1300, 90, { cache_write: 100 }) };

const bearer = ["authorization", "Bearer the-secret-key"] as const;
const last = (messages: Body[]): Body => messages.at(-1);

/** Chat completions. */
const chat = {
  path: "/chat/completions",
  keyHeader: bearer,
  usage: counted,
  messages: (body: Body) => body.messages,
  results: (messages: Body[]) => messages.slice(-2).map(({ role, content }) => role === "tool" && content),
  image: '{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}',
} as const;
const asContent = { of: (messages: Body[]) => messages.at(-2).reasoning_content, is: thought };

const responses = {
  path: "/responses",
  keyHeader: bearer,
  usage: counted,
  messages: (body: Body) => body.input,
  results: (messages: Body[]) =>
    messages.slice(-2).map(({ type, output }) => type === "function_call_output" && output),
  thinking: {
    of: (messages: Body[]) => messages.find(({ type }) => type === "reasoning"),
    is: {
      type: "reasoning",
      id: "rs_67ccd2c00",
      encrypted_content: "gAAAAABozB8Vz3s-encrypted-reasoning-Qm9k",
      summary: [{ type: "summary_text", text: thought }],
    },
  },
  image: '{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}',
  caches: sameCacheKey,
} as const;

/** The cache key stays the same throughout a conversation, and the provider stores nothing. */
function sameCacheKey(first: Body, second: Body): void {
  assert.match(first.prompt_cache_key, /^[\w-]{32}$/);
  assert.equal(second.prompt_cache_key, first.prompt_cache_key);
  assert.deepEqual([first.store, second.store], [false, false]);
}

export const cases: readonly ProviderCase[] = [
  { ...responses, prefix: "openai", recordings: "openai", model: "gpt-5" },
  {
    ...chat,
    prefix: "openai_chat",
    recordings: "openai-chat",
    model: "gpt-4o",
    // It does not return reasoning, only the token count.
    thinking: null,
    lacks: ["reasoning"],
    caches: sameCacheKey,
  },
  {
    ...responses,
    prefix: "azure",
    recordings: "azure",
    model: "gpt-5",
    keyHeader: ["api-key", "the-secret-key"],
  },
  { ...responses, prefix: "xai", recordings: "xai", model: "grok-4" },
  {
    prefix: "anthropic",
    recordings: "anthropic",
    model: "claude-sonnet-4-5",
    path: "/messages",
    keyHeader: ["x-api-key", "the-secret-key"],
    usage: written,
    messages: (body) => body.messages,
    results: (messages) => last(messages).content.map((part: Body) => part.type === "tool_result" && part.content),
    thinking: {
      of: (messages) => messages.at(-2).content[0],
      is: {
        type: "thinking",
        thinking: thought,
        signature: "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds",
      },
    },
    image: '{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}',
    caches: (first, second) => {
      const mark = { type: "ephemeral" };
      assert.deepEqual(first.system.at(-1).cache_control, mark);
      assert.deepEqual(
        first.messages.map(({ content }: Body) => content.at(-1).cache_control),
        [mark],
      );
      // At the end of the previous request, so that its cache entry is found, and at the end of this one.
      assert.deepEqual(
        second.messages.map(({ content }: Body) => content.at(-1).cache_control),
        [mark, undefined, mark],
      );
    },
  },
  {
    prefix: "gemini",
    recordings: "google",
    model: "gemini-2.5-pro",
    path: "/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    keyHeader: ["x-goog-api-key", "the-secret-key"],
    usage: counted,
    messages: (body) => body.contents,
    results: (messages) => last(messages).parts.map((part: Body) => part.functionResponse.response.content),
    thinking: {
      // The package generates an id for a call without one.
      of: (messages) =>
        messages
          .at(-2)
          .parts.map(({ functionCall: call, ...part }: Body) =>
            call === undefined ? part : { functionCall: { name: call.name, args: call.args }, ...part },
          ),
      is: [
        { text: thought, thought: true },
        { functionCall: { name: "run", args: { command: "ls" } }, thoughtSignature: "CskBAVSoXO4hQ2lFRWFnUQ==" },
      ],
    },
    image: '{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}',
  },
  {
    prefix: "bedrock",
    recordings: "bedrock",
    model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    path: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
    keyHeader: bearer,
    usage: written,
    messages: (body) => body.messages,
    results: (messages) =>
      last(messages)
        .content.filter((part: Body) => part.toolResult)
        .map((part: Body) => part.toolResult.content[0].text),
    thinking: {
      of: (messages) => messages.at(-2).content[0],
      is: { reasoningContent: { reasoningText: { text: thought, signature: "EqQBCkgIBxABGAIqQL9bedrock" } } },
    },
    image: '{"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}',
    caches: (first, second) => {
      const mark = { cachePoint: { type: "default" } };
      assert.deepEqual(first.system.at(-1), mark);
      assert.deepEqual(
        first.messages.map(({ content }: Body) => content.at(-1)),
        [mark],
      );
      assert.deepEqual([second.messages[0].content.at(-1), last(second.messages).content.at(-1)], [mark, mark]);
      assert.equal(JSON.stringify(second.messages[1]).includes("cachePoint"), false);
      assert.deepEqual(second.messages[1].content[1].toolUse.input, { command: "ls" });
    },
  },
  {
    ...chat,
    prefix: "openrouter",
    recordings: "openrouter",
    model: "anthropic/claude-sonnet-4.5",
    thinking: {
      of: (messages) => [messages.at(-2).reasoning_details, messages.at(-2).reasoning_content],
      is: [
        [
          {
            type: "reasoning.text",
            text: thought,
            format: "anthropic-claude-v1",
            index: 0,
            signature: "EqQBCgIYAhIMopenrouter",
          },
        ],
        undefined,
      ],
    },
    caches: (first, second) => {
      assert.deepEqual([first.cache_control, second.cache_control], [{ type: "ephemeral" }, { type: "ephemeral" }]);
    },
  },
  {
    ...chat,
    prefix: "mistral",
    recordings: "mistral",
    model: "pixtral-large-latest",
    usage: { text: used(1200, 20), reasoning: used(1300, 90) },
    thinking: {
      of: (messages) => messages.at(-2).content,
      is: [{ type: "thinking", thinking: [{ type: "text", text: thought }] }],
    },
    // No filter ends a reply.
    lacks: ["filtered"],
  },
  {
    ...chat,
    prefix: "deepseek",
    recordings: "deepseek",
    model: "deepseek-reasoner",
    thinking: asContent,
    image: "(an image, which this model cannot see)",
  },
  {
    ...chat,
    prefix: "groq",
    recordings: "groq",
    model: "llama-4-scout",
    thinking: null,
    lacks: ["filtered"],
  },
  {
    ...chat,
    prefix: "ollama",
    recordings: "ollama",
    model: "qwen2.5vl:7b",
    usage: uncached,
    thinking: {
      of: (messages) => [messages.at(-2).reasoning, messages.at(-2).reasoning_content],
      is: [thought, undefined],
    },
    // No key and no filter. A full queue is a 503.
    lacks: ["401", "filtered"],
    codes: { "429": "model_unavailable" },
  },
  {
    ...chat,
    prefix: "lm_studio",
    recordings: "lm-studio",
    model: "qwen/qwen2.5-vl-7b",
    usage: { text: uncached.text, reasoning: { ...uncached.reasoning, reasoning: 64 } },
    thinking: asContent,
    lacks: ["429", "filtered"],
  },
  {
    ...chat,
    prefix: "llama_cpp",
    recordings: "llama-cpp",
    model: "qwen2.5-vl-7b",
    usage: { text: used(1200, 20), reasoning: used(1300, 90) },
    thinking: asContent,
    // A 503 while it loads a model.
    lacks: ["filtered"],
    codes: { "429": "model_unavailable" },
  },
  {
    ...chat,
    prefix: "vllm",
    recordings: "vllm",
    model: "Qwen/Qwen2.5-VL-7B-Instruct",
    usage: { text: used(1200, 20), reasoning: used(1300, 90) },
    thinking: asContent,
    lacks: ["429", "filtered"],
  },
];
