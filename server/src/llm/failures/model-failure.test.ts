/** Every error code of a failed call, from what providers really send. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askForFailure, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";
import type { ScriptInput } from "../scripted/script.ts";

interface Case {
  readonly what: string;
  readonly kind?: string;
  readonly reply: NonNullable<ScriptInput["replies"]>[number];
  readonly code: string;
  readonly message: RegExp;
  readonly isRetried: boolean;
}

const openaiError = (message: string, rest: object = {}) => ({
  error: { message, type: "invalid_request_error", param: null, code: null, ...rest },
});

const cases: readonly Case[] = [
  {
    what: "a wrong key",
    reply: {
      status: 401,
      body: openaiError("Incorrect API key provided: the-secret-key.", { code: "invalid_api_key" }),
    },
    code: "model_auth",
    message:
      /^The API key was rejected \(401 from The test's provider\)\. Set a key with access to test-model in the settings, or as LLM_API_KEY\.$/,
    isRetried: false,
  },
  { what: "a key without permission", reply: { status: 403 }, code: "model_auth", message: /403/, isRetried: false },
  {
    what: "a wrong key at Google",
    kind: "google",
    reply: {
      status: 400,
      body: {
        error: {
          code: 400,
          message: "API key not valid.",
          status: "INVALID_ARGUMENT",
          details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
        },
      },
    },
    code: "model_auth",
    message: /or as LLM_API_KEY/,
    isRetried: false,
  },
  {
    what: "an unknown model",
    reply: { status: 404, body: openaiError("The model `test-model` does not exist", { code: "model_not_found" }) },
    code: "model_not_found",
    message:
      /has no model test-model at http:\/\/127\.0\.0\.1:\d+\/v1 \(404\)\. Check the name of the model and the base URL\. It said: The model/,
    isRetried: false,
  },
  {
    what: "an unknown model at Anthropic",
    kind: "anthropic",
    reply: { status: 404 },
    code: "model_not_found",
    message: /Check the name of the model/,
    isRetried: false,
  },
  {
    what: "too many requests",
    reply: { status: 429 },
    code: "model_rate_limited",
    message: /is rate limiting requests \(429\)/,
    isRetried: true,
  },
  {
    what: "an account out of credit",
    reply: {
      status: 429,
      body: openaiError("You exceeded your current quota", { type: "insufficient_quota", code: "insufficient_quota" }),
    },
    code: "model_rate_limited",
    message: /out of credit \(429\)\. Add credit/,
    isRetried: false,
  },
  {
    what: "an account out of credit at a gateway",
    reply: { status: 402, body: openaiError("Insufficient credits") },
    code: "model_rate_limited",
    message: /out of credit/,
    isRetried: false,
  },
  {
    what: "a server error",
    reply: { status: 500 },
    code: "model_unavailable",
    message: /returned an error \(500\)/,
    isRetried: true,
  },
  {
    what: "an overloaded Anthropic",
    kind: "anthropic",
    reply: { status: 529 },
    code: "model_unavailable",
    message: /529/,
    isRetried: true,
  },
  {
    what: "an unavailable Gemini",
    kind: "google",
    reply: { status: 503 },
    code: "model_unavailable",
    message: /503/,
    isRetried: true,
  },
  { what: "a server that timed out", reply: { status: 408 }, code: "model_timeout", message: /408/, isRetried: true },
  {
    what: "a server error that the provider marks as final",
    reply: { status: 500, headers: { "x-should-retry": "false" } },
    code: "model_unavailable",
    message: /500/,
    isRetried: false,
  },
  {
    what: "an invalid request",
    reply: { status: 400, body: openaiError("Unknown parameter: 'tools'. the-secret-key") },
    code: "model_bad_request",
    message: /rejected the request \(400\)\. It said: Unknown parameter: 'tools'\. \*\*\*$/,
    isRetried: false,
  },
  ...[
    { detail: [{ type: "extra_forbidden", loc: ["body", "tools", 0], msg: "Extra inputs are not permitted" }] },
    { object: "error", message: { detail: [{ loc: ["body", "tools", 0], msg: "Extra inputs are not permitted" }] } },
  ].map((body): Case => ({
    what: `a rejected field in the format of ${"detail" in body ? "FastAPI" : "Mistral"}`,
    reply: { status: 422, body },
    code: "model_bad_request",
    message: /\(422\)\. It said: tools\.0: Extra inputs are not permitted$/,
    isRetried: false,
  })),
  {
    what: "an error without a body",
    reply: { status: 422, body: "" },
    code: "model_bad_request",
    message: /422/,
    isRetried: false,
  },
  {
    what: "a conversation too long for OpenAI",
    kind: "openai",
    reply: {
      status: 400,
      body: openaiError("Your input exceeds the context window of this model.", { code: "context_length_exceeded" }),
    },
    code: "model_context_too_long",
    message: /exceeds the context window of test-model/,
    isRetried: false,
  },
  ...[
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
    "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)",
    "Please reduce the length of the messages or completion.",
  ].map((text): Case => ({
    what: `a conversation too long for a server that sends "${text.slice(0, 40)}…"`,
    reply: { status: 400, body: openaiError(text) },
    code: "model_context_too_long",
    message: /Start a new one, or choose a model with a larger context window/,
    isRetried: false,
  })),
  {
    what: "a conversation too long for llama.cpp",
    reply: {
      status: 400,
      body: { error: { code: 400, message: "too big", type: "exceed_context_size_error", n_ctx: 4096 } },
    },
    code: "model_context_too_long",
    message: /exceeds the context window/,
    isRetried: false,
  },
  {
    what: "a conversation too long for Anthropic",
    kind: "anthropic",
    reply: {
      status: 400,
      body: {
        type: "error",
        error: { type: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum" },
      },
    },
    code: "model_context_too_long",
    message: /exceeds the context window/,
    isRetried: false,
  },
  {
    what: "a conversation too long for Gemini",
    kind: "google",
    reply: {
      status: 400,
      body: {
        error: {
          code: 400,
          message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
          status: "INVALID_ARGUMENT",
        },
      },
    },
    code: "model_context_too_long",
    message: /exceeds the context window/,
    isRetried: false,
  },
  {
    what: "a request that is too large",
    reply: { status: 413 },
    code: "model_context_too_long",
    message: /413/,
    isRetried: false,
  },
  {
    what: "a refusal",
    reply: { text: "I will not.", finish: "content_filter" },
    code: "model_refused",
    message: /refused to answer\. .* It said: I will not\.$/,
    isRetried: false,
  },
  {
    what: "a refusal of Claude",
    kind: "anthropic",
    reply: { text: "I will not.", finish: "content_filter" },
    code: "model_refused",
    message: /refused/,
    isRetried: false,
  },
  {
    what: "a refusal of Gemini",
    kind: "google",
    reply: { text: "I", finish: "content_filter" },
    code: "model_refused",
    message: /refused/,
    isRetried: false,
  },
  {
    what: "a refusal of OpenAI",
    kind: "openai",
    reply: { text: "I", finish: "content_filter" },
    code: "model_refused",
    message: /refused/,
    isRetried: false,
  },
  {
    what: "a refused request",
    reply: { status: 400, body: openaiError("flagged", { code: "content_policy_violation" }) },
    code: "model_refused",
    message: /refused/,
    isRetried: false,
  },
  { what: "an empty reply", reply: {}, code: "model_empty_reply", message: /returned an empty reply/, isRetried: true },
  {
    what: "an error in a running stream",
    reply: {
      status: 200,
      body: 'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"error":{"message":"upstream","code":502}}\n\n',
    },
    code: "model_unavailable",
    message: /returned an error \(502\)\. It said: upstream/,
    isRetried: true,
  },
  {
    what: "an overloaded Anthropic in a running stream",
    kind: "anthropic",
    reply: {
      status: 200,
      body: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    },
    code: "model_unavailable",
    message: /returned an error \(529\)/,
    isRetried: true,
  },
  {
    what: "a failed response of OpenAI",
    kind: "openai",
    reply: {
      status: 200,
      body: 'data: {"type":"response.created","response":{"id":"r","created_at":1,"model":"m"}}\n\ndata: {"type":"response.failed","sequence_number":1,"response":{"error":{"code":"rate_limit_exceeded","message":"Slow down"}}}\n\n',
    },
    code: "model_rate_limited",
    message: /429/,
    isRetried: true,
  },
];

for (const { what, kind = "compatible", reply, code, message, isRetried } of cases) {
  test(`[M14] ${what} is ${code}${isRetried ? ", and retried" : ""}`, async (t) => {
    const server = await serveScript(t, { replies: [reply], after: "repeat_last" });
    const failed = await askForFailure(modelOf(server, { kind }), requestOf(user("go")));
    assert.equal(failed.code, code);
    assert.match(failed.message, message);
    // No message contains the key, even when the provider echoes it.
    assert.doesNotMatch(failed.message, /the-secret-key/);
    const retried = await askForFailure(
      modelOf(
        await serveScript(t, {
          replies: [{ ...reply, headers: { "retry-after-ms": "1", ...reply.headers } }],
          after: "repeat_last",
        }),
        { kind, retries: 1 },
      ),
      requestOf(user("go")),
    );
    assert.equal(retried.progress.filter((one) => one.type === "retry").length, isRetried ? 1 : 0);
  });
}

test("[M14] an unreachable server is model_unavailable, and the error names it", async (t) => {
  const server = await serveScript(t, {});
  await server.close();
  const { code, message } = await askForFailure(modelOf(server), requestOf(user("go")));
  assert.equal(code, "model_unavailable");
  assert.match(
    message,
    /could not be reached at http:\/\/127\.0\.0\.1:\d+\/v1 \(ECONNREFUSED\)\. Check that it is running and that the base URL is correct\.$/,
  );
});
