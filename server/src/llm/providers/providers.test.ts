import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { afterReply, ask, modelOf, requestOf, user } from "../model.test-kit.ts";
import { providers } from "./registry.ts";
import { ModelFailure } from "../failures/model-failure.ts";
import { cases } from "./cases.test-kit.ts";
import { providerContract, type Body } from "./provider.contract.ts";
import { playRecordings } from "./recordings.test-kit.ts";

for (const one of cases) providerContract(one);

test("[MP2] every provider is tested with its recordings", () => {
  const tested = new Set(cases.map(({ prefix }) => prefix));
  // azure_chat is OpenAI's chat completions at the URL of azure.
  const all = providers.map(({ prefixes }) => prefixes[0]).filter((prefix) => prefix !== "azure_chat");
  assert.deepEqual(
    all.filter((prefix) => !tested.has(prefix)),
    [],
  );
});

test("[MP2] Bedrock's requests are signed if there is no Bedrock API key", async (t) => {
  const played = await playRecordings(t, "bedrock", ["text"]);
  const extra = {
    region: "eu-central-1",
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "the-secret-key",
    sessionToken: "st",
  };
  await ask(modelOf(played, { kind: "bedrock", model: "amazon.nova-pro-v1:0", extra }), requestOf(user("go")));
  const { headers } = played.requests[0] ?? {};
  assert.match(
    headers?.authorization ?? "",
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=/,
  );
  assert.equal(headers?.["x-amz-security-token"], "st");
  assert.ok(!JSON.stringify(headers).includes("the-secret-key"));
});

test("[MP7] an error within a stream has the code of that error", async (t) => {
  for (const [kind, folder, recording, code] of [
    ["bedrock", "bedrock", "exception", "model_rate_limited"],
    ["deepseek", "deepseek", "no-resources", "model_unavailable"],
  ] as const) {
    const played = await playRecordings(t, folder, [recording]);
    const failure: unknown = await ask(modelOf(played, { kind }), requestOf(user("go"))).catch(
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ModelFailure, kind);
    assert.deepEqual([failure.code, failure.isTransient], [code, true], failure.message);
  }
});

test("[MP4] Mistral's models get short call ids, and no user message directly after results, wherever they run", async (t) => {
  for (const [kind, folder, model] of [
    ["mistral", "mistral", "mistral-large-latest"],
    ["vllm", "vllm", "mistralai/Ministral-3-8B"],
    ["openrouter", "openrouter", "mistralai/devstral-medium"],
  ] as const) {
    const [, , call, result, between, now] = await afterForeignCall(t, kind, folder, model);
    assert.match(call.tool_calls[0].id, /^[A-Za-z0-9]{9}$/, model);
    assert.equal(result.tool_call_id, call.tool_calls[0].id);
    assert.deepEqual([between.role, now.role], ["assistant", "user"]);
  }
  const [, , call, , now] = await afterForeignCall(t, "vllm", "vllm", "Qwen/Qwen3-8B");
  assert.deepEqual([call.tool_calls[0].id, now.role], ["call_1Bv9sX2mWq", "user"]);
});

test("[MP4] consecutive user messages are merged for models whose templates require it", async (t) => {
  const image = "data:image/png;base64,iVBORw0KGgo=";
  for (const [model, count] of [
    ["mistralai/Ministral-3-8B", 1],
    ["gemma-3-12b", 1],
    ["qwen3-8b", 3],
  ] as const) {
    const played = await playRecordings(t, "llama-cpp", ["text"]);
    const request = requestOf(user("Follow the rules."), user("Do it."), user("See?", [image]));
    await ask(modelOf(played, { kind: "llama_cpp", model }), request);
    const [, ...sent] = (JSON.parse(played.requests[0]?.body ?? "") as { messages: Body[] }).messages;
    assert.equal(sent.length, count, model);
    assert.match(JSON.stringify(sent), /Follow the rules\..*Do it\..*See\?/);
  }
});

test("[MP5] DeepSeek gets reasoning with each assistant message, empty if there was none", async (t) => {
  const [, , call] = await afterForeignCall(t, "deepseek", "deepseek", "deepseek-v4-pro");
  assert.equal(call.reasoning_content, "");
  const [, , plain] = await afterForeignCall(t, "deepseek", "deepseek", "deepseek-chat");
  assert.equal("reasoning_content" in plain, false);
});

async function afterForeignCall(t: TestContext, kind: string, folder: string, model: string): Promise<Body[]> {
  const played = await playRecordings(t, folder, ["text"]);
  const parts = [{ type: "call", id: "call_1Bv9sX2mWq", name: "run", arguments: "{}" }] as const;
  const [reply, results] = afterReply({ parts } as unknown as Parameters<typeof afterReply>[0]);
  assert.ok(reply !== undefined && results !== undefined);
  await ask(modelOf(played, { kind, model }), requestOf(user("go"), reply, results, user("and now?")));
  return (JSON.parse(played.requests[0]?.body ?? "") as { messages: Body[] }).messages;
}
