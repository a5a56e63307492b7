import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { contextTokensOf } from "./context-tokens.ts";
import { createModels } from "./models.ts";
import { providerOf } from "../providers/registry.ts";
import type { ModelAddress } from "../providers/provider.ts";

async function serveList(t: TestContext, data: unknown): Promise<string> {
  const server = createServer((_, response) => response.end(JSON.stringify({ object: "list", data })));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function address(kind: string, model: string, baseUrl = "http://127.0.0.1:1/v1"): ModelAddress {
  const pricing = { provider: kind === "compatible" ? null : kind, model, baseUrl, isFree: false };
  const provider = providerOf(kind);
  assert.ok(provider !== undefined);
  return {
    provider,
    extra: {},
    label: "Test provider",
    pricing,
    model,
    baseUrl,
    apiKey: undefined,
    keyNames: "LLM_API_KEY",
  };
}

test("[M32] the context window is as configured, from the price list, or from the model's server; else it is unknown", async (t) => {
  const unconfigured = { configured: undefined, fetch: globalThis.fetch, timeoutMs: 60_000 };
  assert.equal(await contextTokensOf(address("openai", "gpt-4o"), { ...unconfigured, configured: 5000 }), 5000);
  assert.equal(await contextTokensOf(address("openai", "gpt-4o"), unconfigured), 128_000);
  for (const fields of [{ max_model_len: 4096 }, { context_length: 4096 }, { meta: { n_ctx_train: 4096 } }]) {
    const url = await serveList(t, [
      { id: "other", max_model_len: 1 },
      { id: "mine", ...fields },
    ]);
    assert.equal(await contextTokensOf(address("compatible", "mine", url), unconfigured), 4096);
  }
  const silent = await serveList(t, [{ id: "mine", max_model_len: "many" }]);
  assert.equal(await contextTokensOf(address("compatible", "mine", silent), unconfigured), null);
  assert.equal(await contextTokensOf(address("compatible", "mine"), unconfigured), null);
  assert.equal(await contextTokensOf(address("openai", "a-model-of-next-year"), unconfigured), null);
});

test("[M32] Ollama and LM Studio report the context window of a loaded model; one too small for any work is ignored", async (t) => {
  let loadedTokens: number | undefined;
  const server = createServer((request, response) => {
    const ollama = {
      models: loadedTokens === undefined ? [] : [{ model: "mine:latest", context_length: loadedTokens }],
    };
    const lmStudio = {
      data: [{ id: "mine", ...(loadedTokens !== undefined && { loaded_context_length: loadedTokens }) }],
    };
    const answers: Record<string, unknown> = { "/api/ps": ollama, "/api/v0/models": lmStudio };
    response.end(JSON.stringify(answers[request.url ?? ""] ?? { object: "list", data: [{ id: "mine" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const settings = { configured: { name: "ollama/mine", baseUrl: url }, env: {} };
  const models = createModels({
    settings: () => settings,
    retries: 0,
    timeoutMs: 60_000,
    lookupTimeoutMs: 60_000,
    discover: false,
  });
  const contextTokens = async () => (await models.find({})).contextTokens;
  assert.equal(await contextTokens(), null);
  loadedTokens = 4096;
  assert.equal(await contextTokens(), null);
  loadedTokens = 32_768;
  assert.equal(await contextTokens(), 32_768);
  const unconfigured = { configured: undefined, fetch: globalThis.fetch, timeoutMs: 60_000 };
  assert.equal(await contextTokensOf({ ...address("lm_studio", "mine", url) }, unconfigured), 32_768);
  assert.equal(await contextTokensOf({ ...address("lm_studio", "other", url) }, unconfigured), null);
  assert.equal(await contextTokensOf({ ...address("ollama", "mine", await serveList(t, [])) }, unconfigured), null);
});
