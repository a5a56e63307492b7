import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { contextTokensOf } from "./context-tokens.ts";
import { createModels } from "./models.ts";
import { providerOf } from "../providers/registry.ts";
import type { ModelAddress } from "../providers/provider.ts";

async function listing(t: TestContext, data: unknown): Promise<string> {
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
    label: "it",
    pricing,
    model,
    baseUrl,
    apiKey: undefined,
    keyNames: "LLM_API_KEY",
  };
}

test("[M32] how much a model reads is what is configured, listed, or said by its server; else it is not known", async (t) => {
  const asked = { configured: undefined, fetch: globalThis.fetch };
  assert.equal(await contextTokensOf(address("openai", "gpt-4o"), { ...asked, configured: 5000 }), 5000);
  assert.equal(await contextTokensOf(address("openai", "gpt-4o"), asked), 128_000);
  for (const fields of [{ max_model_len: 4096 }, { context_length: 4096 }, { meta: { n_ctx_train: 4096 } }]) {
    const url = await listing(t, [
      { id: "other", max_model_len: 1 },
      { id: "mine", ...fields },
    ]);
    assert.equal(await contextTokensOf(address("compatible", "mine", url), asked), 4096);
  }
  const silent = await listing(t, [{ id: "mine", max_model_len: "many" }]);
  assert.equal(await contextTokensOf(address("compatible", "mine", silent), asked), null);
  assert.equal(await contextTokensOf(address("compatible", "mine"), asked), null);
  assert.equal(await contextTokensOf(address("openai", "a-model-of-next-year"), asked), null);
});

test("[M32] Ollama and LM Studio say of a model that is loaded what it was given; little is no room for work, and not taken", async (t) => {
  let given: number | undefined;
  const server = createServer((request, response) => {
    const ollama = { models: given === undefined ? [] : [{ model: "mine:latest", context_length: given }] };
    const lmStudio = { data: [{ id: "mine", ...(given !== undefined && { loaded_context_length: given }) }] };
    const answers: Record<string, unknown> = { "/api/ps": ollama, "/api/v0/models": lmStudio };
    response.end(JSON.stringify(answers[request.url ?? ""] ?? { object: "list", data: [{ id: "mine" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const settings = { configured: { name: "ollama/mine", baseUrl: url }, env: {} };
  const models = createModels({ settings: () => settings, retries: 0, timeoutMs: 5_000, discover: false });
  const reads = async () => (await models.find({})).contextTokens;
  assert.equal(await reads(), null);
  given = 4096;
  assert.equal(await reads(), null);
  given = 32_768;
  assert.equal(await reads(), 32_768);
  const asked = { configured: undefined, fetch: globalThis.fetch };
  assert.equal(await contextTokensOf({ ...address("lm_studio", "mine", url) }, asked), 32_768);
  assert.equal(await contextTokensOf({ ...address("lm_studio", "other", url) }, asked), null);
  assert.equal(await contextTokensOf({ ...address("ollama", "mine", await listing(t, [])) }, asked), null);
});
