/** Every code of a failed call, from what providers really send. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askForFailure, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";
import type { ScriptInput } from "../scripted/script.ts";

interface Case {
  readonly what: string;
  readonly kind?: string;
  readonly reply: NonNullable<ScriptInput["replies"]>[number];
  readonly code: string;
  readonly says: RegExp;
  /** Tried again by itself. */
  readonly passes: boolean;
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
    says: /^The key was refused \(401 from The test's provider\)\. Set LLM_API_KEY to a key that may use test-model\.$/,
    passes: false,
  },
  { what: "a key without the right", reply: { status: 403 }, code: "model_auth", says: /403/, passes: false },
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
    says: /Set LLM_API_KEY/,
    passes: false,
  },
  {
    what: "an unknown model",
    reply: { status: 404, body: openaiError("The model `test-model` does not exist", { code: "model_not_found" }) },
    code: "model_not_found",
    says: /has no model test-model at http:\/\/127\.0\.0\.1:\d+\/v1 \(404\)\. Check LLM_MODEL and LLM_BASE_URL\. It said: The model/,
    passes: false,
  },
  {
    what: "an unknown model at Anthropic",
    kind: "anthropic",
    reply: { status: 404 },
    code: "model_not_found",
    says: /LLM_MODEL/,
    passes: false,
  },
  {
    what: "too many requests",
    reply: { status: 429 },
    code: "model_rate_limited",
    says: /limits the rate of requests \(429\)/,
    passes: true,
  },
  {
    what: "no credit left",
    reply: {
      status: 429,
      body: openaiError("You exceeded your current quota", { type: "insufficient_quota", code: "insufficient_quota" }),
    },
    code: "model_rate_limited",
    says: /no credit left \(429\)\. Trying again does not help/,
    passes: false,
  },
  {
    what: "no credit left at a gateway",
    reply: { status: 402, body: openaiError("Insufficient credits") },
    code: "model_rate_limited",
    says: /no credit left/,
    passes: false,
  },
  {
    what: "a server error",
    reply: { status: 500 },
    code: "model_unavailable",
    says: /could not answer \(500\)/,
    passes: true,
  },
  {
    what: "an overloaded Anthropic",
    kind: "anthropic",
    reply: { status: 529 },
    code: "model_unavailable",
    says: /529/,
    passes: true,
  },
  {
    what: "an unavailable Gemini",
    kind: "google",
    reply: { status: 503 },
    code: "model_unavailable",
    says: /503/,
    passes: true,
  },
  { what: "a server that gave up", reply: { status: 408 }, code: "model_timeout", says: /408/, passes: true },
  {
    what: "a server error that the provider calls final",
    reply: { status: 500, headers: { "x-should-retry": "false" } },
    code: "model_unavailable",
    says: /500/,
    passes: false,
  },
  {
    what: "a request that is not understood",
    reply: { status: 400, body: openaiError("Unknown parameter: 'tools'. the-secret-key") },
    code: "model_bad_request",
    says: /did not accept the request \(400\)\. It said: Unknown parameter: 'tools'\. \*\*\*$/,
    passes: false,
  },
  ...[
    { detail: [{ type: "extra_forbidden", loc: ["body", "tools", 0], msg: "Extra inputs are not permitted" }] },
    { object: "error", message: { detail: [{ loc: ["body", "tools", 0], msg: "Extra inputs are not permitted" }] } },
  ].map((body): Case => ({
    what: `a field that is not taken, in ${"detail" in body ? "FastAPI's" : "Mistral's"} words,`,
    reply: { status: 422, body },
    code: "model_bad_request",
    says: /\(422\)\. It said: tools\.0: Extra inputs are not permitted$/,
    passes: false,
  })),
  {
    what: "an error without words",
    reply: { status: 422, body: "" },
    code: "model_bad_request",
    says: /422/,
    passes: false,
  },
  {
    what: "a conversation too long for OpenAI",
    kind: "openai",
    reply: {
      status: 400,
      body: openaiError("Your input exceeds the context window of this model.", { code: "context_length_exceeded" }),
    },
    code: "model_context_too_long",
    says: /longer than test-model can read/,
    passes: false,
  },
  ...[
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
    "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)",
    "Please reduce the length of the messages or completion.",
  ].map((words): Case => ({
    what: `a conversation too long for a server that says "${words.slice(0, 40)}…"`,
    reply: { status: 400, body: openaiError(words) },
    code: "model_context_too_long",
    says: /Start a new one, or choose a model that reads more \(LLM_MODEL\)/,
    passes: false,
  })),
  {
    what: "a conversation too long for llama.cpp",
    reply: {
      status: 400,
      body: { error: { code: 400, message: "too big", type: "exceed_context_size_error", n_ctx: 4096 } },
    },
    code: "model_context_too_long",
    says: /longer than/,
    passes: false,
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
    says: /longer than/,
    passes: false,
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
    says: /longer than/,
    passes: false,
  },
  {
    what: "a conversation of too many bytes",
    reply: { status: 413 },
    code: "model_context_too_long",
    says: /413/,
    passes: false,
  },
  {
    what: "a refusal",
    reply: { text: "I will not.", finish: "content_filter" },
    code: "model_refused",
    says: /refused to answer\. .* It said: I will not\.$/,
    passes: false,
  },
  {
    what: "a refusal of Claude",
    kind: "anthropic",
    reply: { text: "I will not.", finish: "content_filter" },
    code: "model_refused",
    says: /refused/,
    passes: false,
  },
  {
    what: "a refusal of Gemini",
    kind: "google",
    reply: { text: "I", finish: "content_filter" },
    code: "model_refused",
    says: /refused/,
    passes: false,
  },
  {
    what: "a refusal of OpenAI",
    kind: "openai",
    reply: { text: "I", finish: "content_filter" },
    code: "model_refused",
    says: /refused/,
    passes: false,
  },
  {
    what: "a refused request",
    reply: { status: 400, body: openaiError("flagged", { code: "content_policy_violation" }) },
    code: "model_refused",
    says: /refused/,
    passes: false,
  },
  { what: "nothing", reply: {}, code: "model_empty_reply", says: /replied with nothing/, passes: true },
  {
    what: "an error in a running stream",
    reply: {
      status: 200,
      body: 'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"error":{"message":"upstream","code":502}}\n\n',
    },
    code: "model_unavailable",
    says: /could not answer \(502\)\. It said: upstream/,
    passes: true,
  },
  {
    what: "an overloaded Anthropic in a running stream",
    kind: "anthropic",
    reply: {
      status: 200,
      body: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    },
    code: "model_unavailable",
    says: /could not answer \(529\)/,
    passes: true,
  },
  {
    what: "a failed response of OpenAI",
    kind: "openai",
    reply: {
      status: 200,
      body: 'data: {"type":"response.created","response":{"id":"r","created_at":1,"model":"m"}}\n\ndata: {"type":"response.failed","sequence_number":1,"response":{"error":{"code":"rate_limit_exceeded","message":"Slow down"}}}\n\n',
    },
    code: "model_rate_limited",
    says: /429/,
    passes: true,
  },
];

for (const { what, kind = "compatible", reply, code, says, passes } of cases) {
  test(`[M14] ${what} is ${code}${passes ? ", and tried again" : ""}`, async (t) => {
    const server = await serveScript(t, { replies: [reply], after: "repeat_last" });
    const failed = await askForFailure(modelOf(server, { kind }), requestOf(user("go")));
    assert.equal(failed.code, code);
    assert.match(failed.message, says);
    // The key is in no sentence, whatever the provider echoes.
    assert.doesNotMatch(failed.message, /the-secret-key/);
    const again = await askForFailure(
      modelOf(
        await serveScript(t, {
          replies: [{ ...reply, headers: { "retry-after-ms": "1", ...reply.headers } }],
          after: "repeat_last",
        }),
        { kind, retries: 1 },
      ),
      requestOf(user("go")),
    );
    assert.equal(again.progress.filter((one) => one.type === "retry").length, passes ? 1 : 0);
  });
}

test("[M14] a server that is not there is model_unavailable, and named", async (t) => {
  const server = await serveScript(t, {});
  await server.close();
  const { code, message } = await askForFailure(modelOf(server), requestOf(user("go")));
  assert.equal(code, "model_unavailable");
  assert.match(
    message,
    /could not be reached at http:\/\/127\.0\.0\.1:\d+\/v1 \(ECONNREFUSED\)\. Is it running, and is LLM_BASE_URL right\?/,
  );
});
