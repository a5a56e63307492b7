import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { ask, requestOf, serveScript, user } from "../model.test-kit.ts";
import { createModels } from "./models.ts";
import type { ModelsOptions, ModelSettings } from "./models.ts";
import { providers } from "../providers/registry.ts";
import { loadProvider } from "../call/provider-model.ts";

const noServers = [{ prefix: "ollama", label: "Ollama", url: "http://127.0.0.1:9/v1" }];

function modelsOf({ configured = {}, env = {}, ...rest }: Partial<ModelsOptions> & Partial<ModelSettings>) {
  return createModels({
    settings: () => ({ configured, env, ...rest }),
    retries: 0,
    timeoutMs: 60_000,
    discover: true,
    localServers: noServers,
    // Never the reason for a failure on a busy machine.
    lookupTimeoutMs: 60_000,
    ...rest,
  });
}

test("[M23] with nothing configured and no local server, the model is the demo", async () => {
  const models = modelsOf({});
  assert.equal((await models.find({})).name, "demo");
  assert.deepEqual(await models.describe(), { name: "demo", demo: true });
  assert.deepEqual(await models.names(), ["demo"]);
});

test("[M23] with nothing configured, the first model server found on this machine is used", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hello from here." }] });
  const localServers = [...noServers, { prefix: "vllm", label: "vLLM", url: server.url }];
  const models = modelsOf({ localServers });
  const model = await models.find({});
  assert.equal(model.name, "vllm/scripted");
  const { reply } = await ask(model, requestOf(user("hi")));
  assert.deepEqual(reply.parts, [{ type: "text", text: "Hello from here." }]);
  assert.equal(reply.costUsd, 0);
  assert.deepEqual(await models.describe(), { name: "vllm/scripted", demo: false });
  assert.deepEqual(await models.names(), ["vllm/scripted", "demo"]);
  assert.equal((await modelsOf({ localServers, discover: false }).find({})).name, "demo");
});

test("[M23] a base URL without a model name means the first model listed there", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }] });
  const models = modelsOf({ configured: { baseUrl: server.url } });
  const model = await models.find({});
  assert.equal(model.name, "scripted");
  await ask(model, requestOf(user("hi")));
  assert.partialDeepStrictEqual(JSON.parse(server.requests[0]?.body ?? ""), { model: "scripted" });
  await server.close();
  assert.equal(await models.find({}), model, "the list is fetched once");
});

test("[M23] a base URL without a list of models fails, and the error says what to check", async (t) => {
  const server = await serveScript(t, {});
  await server.close();
  await assert.rejects(modelsOf({ configured: { baseUrl: server.url } }).find({}), (error) => {
    assert.ok(error instanceof DeckhandError);
    assert.equal(error.code, "model_not_configured");
    assert.match(
      error.message,
      /^No list of models at .*\/v1\/models: check the base URL, or set the name of the model\.$/,
    );
    return true;
  });
});

test("[M23] a base URL needs no key, and is not sent one", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }] });
  const model = await modelsOf({ configured: { baseUrl: server.url, name: "m" }, env: { OPENAI_API_KEY: "k" } }).find(
    {},
  );
  await ask(model, requestOf(user("hi")));
  assert.equal(server.requests[0]?.headers.authorization, undefined);
});

test("[M23] the same choice gives the same model object, so its connections and conversions are reused", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }], after: "repeat_last" });
  const models = modelsOf({ configured: { baseUrl: server.url, name: "m" } });
  const model = await models.find({});
  assert.equal(await models.find({ name: "m" }), model);
  assert.notEqual(await models.find({ name: "n" }), model);
  assert.notEqual(await models.find({ apiKey: "another" }), model);
  for (let step = 0; step < 6; step += 1) await ask(model, requestOf(user("hi")));
  const connections = new Set(server.requests.map((one) => one.connection));
  // The next request may be sent a moment before the connection of the previous one is free again.
  assert.ok(connections.size <= 2, `${connections.size} connections for 6 requests`);
});

test("[M23] warming up loads what the model needs without sending a request", async () => {
  let requests = 0;
  const countingFetch = () => {
    requests += 1;
    return Promise.reject(new Error("no network"));
  };
  for (const name of ["gpt-4o", "claude-sonnet-4-5", "gemini-2.5-pro", "ollama/qwen3", "demo", "acme/x"]) {
    modelsOf({ configured: { name, apiKey: "k" }, fetch: countingFetch }).warmUp();
  }
  for (const provider of providers) await loadProvider(provider);
  assert.equal(requests, 0);
});

test("[MP1] the list of models describes each model, and lists the providers", async (t) => {
  const server = await serveScript(t, {});
  const localServers = [{ prefix: "vllm", label: "vLLM", url: server.url }];
  const list = await modelsOf({ configured: { name: "claude-sonnet-4-5", apiKey: "k" }, localServers }).list();
  assert.deepEqual(list.models, ["claude-sonnet-4-5", "vllm/scripted", "demo"]);
  const [claude, local, demo] = list.details;
  assert.partialDeepStrictEqual(claude, {
    provider: "Anthropic",
    default: true,
    local: false,
    context_tokens: 200_000,
    tools: true,
    images: true,
    reasoning: true,
    caching: "marks",
    price: { input: 3, output: 15, cached_input: 0.3 },
  });
  assert.partialDeepStrictEqual(local, { local: true, tools: null, images: false, price: { input: 0, output: 0 } });
  assert.partialDeepStrictEqual(demo, { demo: true, provider: "", price: null });
  const [openai, anthropic] = ["openai", "anthropic"].map((prefix) =>
    list.providers.find((one) => one.prefix === prefix),
  );
  assert.partialDeepStrictEqual(openai, {
    prefix: "openai",
    label: "OpenAI",
    keys: ["OPENAI_API_KEY"],
    has_key: false,
  });
  assert.ok(openai?.known.includes("gpt-4o") && !openai.known.some((name) => /embed|tts/.test(name)));
  assert.equal(anthropic?.has_key, true);
});
