import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ask, requestOf, serveScript, user } from "../model.test-kit.ts";
import { entriesFile } from "./entries.ts";
import { createModels } from "./models.ts";

async function modelsWithFile(t: TestContext): Promise<{ path: string; models: ReturnType<typeof createModels> }> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-models-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "models.json");
  const settings = {
    configured: { name: "big", apiKey: "given" },
    env: { GPU_KEY: "of-the-gpu", OPENAI_API_KEY: "o" },
  };
  const options = { retries: 0, timeoutMs: 60_000, discover: false, entries: entriesFile(path) };
  return { path, models: createModels({ settings: () => settings, ...options }) };
}

test("[MP11] models.json defines the user's own models with capabilities and prices; a change applies at once", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "Hi.", usage: { input: 1_000_000, output: 100_000, cached_input: 500_000 } }],
    after: "repeat_last",
  });
  const { path, models } = await modelsWithFile(t);
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
  const [request] = server.requests;
  assert.equal(request?.path, "/v1/messages");
  assert.equal(request?.headers["x-api-key"], "given");
  assert.partialDeepStrictEqual(JSON.parse(request?.body ?? ""), { model: "qwen", max_tokens: 777 });

  await ask(await models.find({ name: "gpu" }), requestOf(user("go")));
  assert.equal(server.requests.at(-1)?.headers.authorization, "Bearer of-the-gpu");
  const described = await models.find({ name: "gpt-4o" });
  assert.deepEqual([described.takesImages, described.contextTokens], [false, 9000]);

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

test("[MP11] an entry marks a deployment as a reasoning model when its name does not tell", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }], after: "repeat_last" });
  const { path, models } = await modelsWithFile(t);
  const deployment = { name: "azure/ours", provider: "azure", base_url: server.url, key_variable: "GPU_KEY" };
  const send = async (entry: object): Promise<Record<string, unknown>> => {
    await writeFile(path, JSON.stringify({ models: [{ ...deployment, ...entry }] }));
    await ask(await models.find({ name: "azure/ours" }), requestOf(user("go")));
    return JSON.parse(server.requests.at(-1)?.body ?? "") as Record<string, unknown>;
  };
  const reasoning = await send({ reasoning: true });
  assert.deepEqual([reasoning["model"], reasoning["include"]], ["ours", ["reasoning.encrypted_content"]]);
  assert.equal((await send({}))["include"], undefined);
});

test("[MP11] an invalid models.json fails with the place of the error, and without its content", async (t) => {
  const { path, models } = await modelsWithFile(t);
  for (const [text, message] of [
    ["{", /models\.json is not valid JSON\.$/],
    ['{"models":[{"name":"a","context_tokens":"secret"}]}', /is invalid: models\.0\.context_tokens: (?!.*secret)/],
    ['{"models":[{"name":"a","api_key":"secret"}]}', /models\.0: Unrecognized key/],
    ['{"models":[{"name":"a"},{"name":"a"}]}', /there are two models named a/],
    ['{"models":[{"name":"big","provider":"acme"}]}', /Unknown model provider acme \(models\.json\)/],
    ['{"models":[{"name":"big","base_url":"http://me:secret@x/v1"}]}', /(?!.*secret).*contains a password/],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(models.find({}), message);
  }
});
