import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ask, requestOf, serveScript, user } from "../model.test-kit.ts";
import { entriesFile } from "./entries.ts";
import { createModels } from "./models.ts";

async function own(t: TestContext): Promise<{ path: string; models: ReturnType<typeof createModels> }> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-models-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "models.json");
  const settings = {
    configured: { name: "big", apiKey: "given" },
    env: { GPU_KEY: "of-the-gpu", OPENAI_API_KEY: "o" },
  };
  const options = { retries: 0, timeoutMs: 5_000, discover: false, entries: entriesFile(path) };
  return { path, models: createModels({ settings: () => settings, ...options }) };
}

test("[MP11] models.json names models of one's own, with what they are and cost; a change of it counts at once", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "Hi.", usage: { input: 1_000_000, output: 100_000, cached_input: 500_000 } }],
    after: "repeat_last",
  });
  const { path, models } = await own(t);
  const big = {
    name: "big",
    provider: "anthropic",
    model: "qwen",
    base_url: server.url,
    context_tokens: 50_000,
    max_output_tokens: 777,
    tools: true,
    images: true,
    reasoning: false,
    price: { input: 2, output: 10, cached_input: 0.2 },
  };
  const gpu = { name: "gpu", base_url: server.url, key_variable: "GPU_KEY" };
  await writeFile(
    path,
    JSON.stringify({ models: [big, gpu, { name: "gpt-4o", context_tokens: 9000, images: false }] }),
  );

  const model = await models.find({});
  assert.deepEqual([model.name, model.takesImages, model.contextTokens], ["big", true, 50_000]);
  const { reply } = await ask(model, requestOf(user("go")));
  assert.equal(reply.costUsd, 1 + 0.1 + 1);
  const [asked] = server.requests;
  assert.equal(asked?.path, "/v1/messages");
  assert.equal(asked?.headers["x-api-key"], "given");
  assert.partialDeepStrictEqual(JSON.parse(asked?.body ?? ""), { model: "qwen", max_tokens: 777 });

  await ask(await models.find({ name: "gpu" }), requestOf(user("go")));
  assert.equal(server.requests.at(-1)?.headers.authorization, "Bearer of-the-gpu");
  const known = await models.find({ name: "gpt-4o" });
  assert.deepEqual([known.takesImages, known.contextTokens], [false, 9000]);

  const { models: names, details } = await models.list();
  assert.deepEqual(names, ["big", "gpu", "gpt-4o", "demo"]);
  assert.partialDeepStrictEqual(details[0], {
    provider: "Anthropic",
    context_tokens: 50_000,
    max_output_tokens: 777,
    tools: true,
    reasoning: false,
    price: big.price,
  });
  await writeFile(path, JSON.stringify({ models: [{ ...big, context_tokens: 60_000 }] }));
  assert.equal((await models.find({})).contextTokens, 60_000);
});

test("[MP11] of a deployment whose name says nothing, its entry says that it thinks", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }], after: "repeat_last" });
  const { path, models } = await own(t);
  const deployment = { name: "azure/ours", provider: "azure", base_url: server.url, key_variable: "GPU_KEY" };
  const asked = async (entry: object): Promise<Record<string, unknown>> => {
    await writeFile(path, JSON.stringify({ models: [{ ...deployment, ...entry }] }));
    await ask(await models.find({ name: "azure/ours" }), requestOf(user("go")));
    return JSON.parse(server.requests.at(-1)?.body ?? "") as Record<string, unknown>;
  };
  const thinking = await asked({ reasoning: true });
  assert.deepEqual([thinking["model"], thinking["include"]], ["ours", ["reasoning.encrypted_content"]]);
  assert.equal((await asked({}))["include"], undefined);
});

test("[MP11] a models.json that is not usable says where, and nothing that stands in it", async (t) => {
  const { path, models } = await own(t);
  for (const [text, says] of [
    ["{", /models\.json is not JSON\.$/],
    ['{"models":[{"name":"a","context_tokens":"secret"}]}', /is not usable\. models\.0\.context_tokens: (?!.*secret)/],
    ['{"models":[{"name":"a","api_key":"secret"}]}', /models\.0: Unrecognized key/],
    ['{"models":[{"name":"a"},{"name":"a"}]}', /a is named twice/],
    ['{"models":[{"name":"big","provider":"acme"}]}', /No provider is called acme \(models\.json\)/],
    ['{"models":[{"name":"big","base_url":"http://me:secret@x/v1"}]}', /(?!.*secret).*A key does not belong/],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(models.find({}), says);
  }
});
