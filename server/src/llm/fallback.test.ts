import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { afterReply, ask, askForFailure, requestOf, serveScript, user } from "./model.test-kit.ts";
import { createModels, type ModelSettings } from "./resolve/models.ts";
import type { ModelEntry } from "./resolve/entries.ts";
import type { ModelServer } from "./scripted/model-server.ts";
import type { Model, ModelChoice, ModelMessage, ModelProgress } from "./model.ts";
import { scopeKey } from "./resolve/resolve.ts";
import type { ScriptInput } from "./scripted/script.ts";

interface TestModels {
  readonly models: ReturnType<typeof createModels>;
  readonly at: Readonly<Record<string, ModelServer>>;
  clockMs: number;
}

/** Models by name, each on its own server with its own script. The first is the configured one. */
async function modelsOf(
  t: TestContext,
  scripts: Readonly<Record<string, ScriptInput>>,
  settings: Partial<ModelSettings> = {},
  entryFields: Readonly<Record<string, Partial<ModelEntry>>> = {},
): Promise<TestModels> {
  const at: Record<string, ModelServer> = {};
  for (const [name, script] of Object.entries(scripts)) at[name] = await serveScript(t, script);
  const entries = Object.entries(at).map(([name, { url }]) => ({ name, base_url: url, ...entryFields[name] }));
  const [first = ""] = Object.keys(scripts);
  const created: TestModels = {
    clockMs: 0,
    at,
    models: createModels({
      settings: () => ({ configured: { name: first }, env: {}, ...settings }),
      entries: async () => entries,
      retries: 5,
      timeoutMs: 60_000,
      discover: false,
      random: () => 0,
      now: () => created.clockMs,
    }),
  };
  return created;
}

const says = (text: string): ScriptInput => ({ replies: [{ text }], after: "repeat_last" });
const switches = (progress: readonly ModelProgress[]): string[] =>
  progress.flatMap((one) => (one.type === "switch" ? [one.message] : []));
const request = requestOf(user("go"));
/** A request of a conversation whose last reply came from that model. */
const after = (model: string): ReturnType<typeof requestOf> =>
  requestOf(user("go"), { role: "assistant", parts: [{ type: "text", text: "Yes?" }], model }, user("on"));

test("[MP12] the next available model takes over, reported once, and the reply names the model that gave it", async (t) => {
  const served = await modelsOf(t, { a: {}, b: {}, c: says("I am c.") }, { fallback: ["b", "c"] });
  await served.at["a"]?.close();
  await served.at["b"]?.close();
  const model = await served.models.find({});
  assert.equal(model.name, "a");
  const { reply, progress } = await ask(model, request);
  assert.equal(reply.model, "c");
  // With a fallback, a refused connection is not retried.
  assert.deepEqual(
    progress.filter((one) => one.type === "retry"),
    [],
  );
  const [first, second, ...rest] = switches(progress);
  assert.match(first ?? "", /could not be reached .*ECONNREFUSED.* Switching to b\.$/);
  assert.match(second ?? "", /Switching to c\.$/);
  assert.deepEqual(rest, []);
  assert.deepEqual(switches((await ask(model, after("c"))).progress), [], "not reported again");
  assert.deepEqual(switches((await ask(model, after("a"))).progress), ["Using c, because a is unavailable."]);
});

test("[MP12] before a fallback, a 5xx is retried twice and a long wait not at all", async (t) => {
  const failing: ScriptInput = { replies: [{ status: 503, headers: { "retry-after-ms": "1" } }], after: "repeat_last" };
  const busy: ScriptInput = { replies: [{ status: 429, headers: { "retry-after": "30" } }], after: "repeat_last" };
  for (const [script, requests] of [
    [failing, 3],
    [busy, 1],
  ] as const) {
    const served = await modelsOf(t, { a: script, b: says("I am b.") }, { fallback: ["b"] });
    const { reply } = await ask(await served.models.find({}), request);
    assert.equal(reply.model, "b");
    assert.equal(served.at["a"]?.requests.length, requests);
  }
});

test("[MP13] the first model is used again after a minute, or when its provider said, and this is reported", async (t) => {
  const served = await modelsOf(
    t,
    {
      a: { replies: [{ status: 429, headers: { "retry-after": "120" } }, { text: "Back." }], after: "repeat_last" },
      b: says("b"),
    },
    { fallback: ["b"] },
  );
  const model = await served.models.find({});
  assert.equal((await ask(model, request)).reply.model, "b");
  served.clockMs = 119_000;
  assert.equal((await ask(model, request)).reply.model, "b");
  served.clockMs = 121_000;
  const back = await ask(model, requestOf(user("go"), { role: "assistant", parts: [], model: "b" }));
  assert.equal(back.reply.model, undefined);
  assert.deepEqual(switches(back.progress), ["Using a again."]);
});

test("[MP14] a wrong key or a conversation that is too long is not an outage; if all are out, the first failure is reported", async (t) => {
  for (const status of [401, 413]) {
    const served = await modelsOf(t, { a: { replies: [{ status }] }, b: says("b") }, { fallback: ["b"] });
    await assert.rejects(ask(await served.models.find({}), request), DeckhandError);
    assert.equal(served.at["b"]?.requests.length, 0);
  }
  const out = await modelsOf(t, { a: {}, b: {} }, { fallback: ["b", "nobody/knows-it"] });
  for (const server of Object.values(out.at)) await server.close();
  for (let times = 0; times < 2; times += 1) {
    const { code, message } = await askForFailure(await out.models.find({}), request);
    assert.equal(code, "model_unavailable");
    assert.ok(message.includes(`:${out.at["a"]?.port}/`), message);
  }
});

test("[MP15] a chosen model, URL or key has no fallback", async (t) => {
  const served = await modelsOf(t, { a: {}, b: says("b"), c: {} }, { fallback: ["b"], small: "b" });
  await served.at["a"]?.close();
  await served.at["c"]?.close();
  const url = served.at["c"]?.url ?? "";
  for (const choice of [{ name: "c" }, { baseUrl: url, name: "m" }, { apiKey: "theirs" }]) {
    const model = await served.models.find(choice);
    assert.equal(model.small, undefined);
    assert.equal((await askOnce(model)).code, "model_unavailable");
  }
  assert.equal(served.at["b"]?.requests.length, 0);
});

test("[MP16] the small model is for titles and summaries; if it is not usable, the model itself does them", async (t) => {
  const served = await modelsOf(t, { a: says("a"), b: says("b") }, { small: "b" });
  const model = await served.models.find({});
  assert.equal((await model.small?.())?.name, "b");
  const without = await modelsOf(t, { a: says("a") }, { small: "anthropic/claude-haiku-4-5" });
  assert.equal((await (await without.models.find({})).small?.())?.name, "a");
  assert.equal((await (await modelsOf(t, { a: says("a") })).models.find({})).small, undefined);
});

test("[MP17] reasoning and signatures of one model are not sent to another, even after switching back", async (t) => {
  const steps: ScriptInput = {
    replies: [
      { reasoning: "First I look.", text: "Looking.", calls: [{ name: "run", arguments: { command: "ls" } }] },
      { reasoning: "Then I count.", calls: [{ name: "run", arguments: { command: "wc" } }] },
      { text: "Three." },
    ],
  };
  const providers = { a: { provider: "anthropic" }, b: { provider: "openai" } } as const;
  for (const [first, second] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const served = await modelsOf(
      t,
      { a: steps, b: steps },
      {},
      {
        a: { ...providers.a, model: "claude-sonnet-4-5", key_variable: "K" },
        b: { ...providers.b, model: "gpt-5", key_variable: "K" },
      },
    );
    const messages: ModelMessage[] = [user("count")];
    for (const name of [first, second, first]) {
      const { reply } = await ask(await served.models.find({ name, apiKey: "k" }), requestOf(...messages));
      const [assistant, ...results] = afterReply(reply);
      messages.push({ ...(assistant as Extract<ModelMessage, { role: "assistant" }>), model: name }, ...results);
    }
    const [, own] = served.at[first]?.requests.map(({ body }) => body) ?? [];
    const [foreign] = served.at[second]?.requests.map(({ body }) => body) ?? [];
    assert.ok(own !== undefined && foreign !== undefined);
    // Text and calls are there; reasoning and signatures are not.
    assert.match(foreign, /Looking\./);
    assert.doesNotMatch(foreign, /First I look|sig_|encrypted_rs|rs_0|fc_0|msg_0/);
    assert.match(own, /First I look/);
    assert.match(own, /sig_0_0|encrypted_rs_0_0/);
    assert.doesNotMatch(own, /Then I count|sig_1|rs_1/);
  }
});

test("[MP18] the reasoning effort is sent to models that support it, in the format of their provider", async (t) => {
  const served = await modelsOf(
    t,
    { a: says("a"), b: says("b"), c: says("c"), d: says("d"), e: says("e") },
    { reasoningEffort: "low" },
    {
      a: { provider: "openai", model: "gpt-5" },
      b: { provider: "anthropic", model: "claude-opus-4-1" },
      c: { provider: "gemini", model: "gemini-2.5-pro" },
      d: { provider: "openai", model: "gpt-4o" },
    },
  );
  const sent = async (name: string, effort?: "high"): Promise<Record<string, unknown>> => {
    await ask(await served.models.find({ name, reasoningEffort: effort }), request);
    return JSON.parse(served.at[name]?.requests.at(-1)?.body ?? "") as Record<string, unknown>;
  };
  assert.partialDeepStrictEqual(await sent("a"), { reasoning: { effort: "low" } });
  assert.partialDeepStrictEqual(await sent("a", "high"), { reasoning: { effort: "high" } });
  assert.partialDeepStrictEqual(await sent("b"), { thinking: { type: "enabled" } });
  assert.ok(JSON.stringify(await sent("c")).includes("thinkingBudget"));
  assert.equal((await sent("d"))["reasoning"], undefined, "not a reasoning model");
  assert.partialDeepStrictEqual(await sent("e"), { reasoning_effort: "low" });
});

test("[MP19] a setting saved while the server runs applies from the next call on", async (t) => {
  const [a, b] = [await serveScript(t, says("a")), await serveScript(t, says("b"))];
  let settings: ModelSettings = { configured: { name: "m", baseUrl: a.url, apiKey: "first" }, env: {} };
  const models = createModels({ settings: () => settings, retries: 0, timeoutMs: 60_000, discover: false });
  await ask(await models.find({}), request);
  settings = { configured: { name: "m", baseUrl: b.url, apiKey: "second" }, env: {} };
  await ask(await models.find({}), request);
  assert.equal(a.requests[0]?.headers.authorization, "Bearer first");
  assert.equal(b.requests[0]?.headers.authorization, "Bearer second");
  settings = { configured: { name: "claude-sonnet-4-5" }, env: { ANTHROPIC_API_KEY: "saved" } };
  assert.deepEqual((await models.list()).models, ["claude-sonnet-4-5", "demo"]);
});

test("[MP20] after a change of model, a key is not sent to another provider or URL than the one it was given for", async (t) => {
  const [a, b] = [await serveScript(t, says("a")), await serveScript(t, says("b"))];
  const entries = [
    { name: "mine", base_url: a.url },
    { name: "other", base_url: b.url },
  ];
  const settings: ModelSettings = {
    configured: { name: "openai/gpt-5" },
    env: { OPENAI_API_KEY: "o", ANTHROPIC_API_KEY: "c" },
  };
  const options = { retries: 0, timeoutMs: 60_000, discover: false, entries: async () => entries };
  const models = createModels({ settings: () => settings, ...options });
  const keyAt = async (server: ModelServer, choice: ModelChoice): Promise<string | undefined> => {
    await ask(await models.find({ ...choice, apiKey: "theirs" }), request);
    return server.requests.at(-1)?.headers.authorization;
  };
  assert.equal(await keyAt(a, { name: "mine", keyFor: { name: "mine" } }), "Bearer theirs");
  assert.equal(await keyAt(b, { name: "other", keyFor: { name: "mine" } }), undefined);
  assert.equal(await keyAt(b, { name: "m", baseUrl: b.url, keyFor: { name: "m", baseUrl: b.url } }), "Bearer theirs");
  assert.equal(await keyAt(b, { name: "m", baseUrl: b.url, keyFor: { name: "m", baseUrl: a.url } }), undefined);
  assert.equal(await keyAt(b, { name: "m", baseUrl: b.url, keyFor: { name: "openai/gpt-5" } }), undefined);
  // Another model of the same provider keeps it; any other falls back to its provider's own variable.
  const named = (name: string, keyFor: { readonly name?: string }) =>
    scopeKey({ name, apiKey: "theirs", keyFor }, { ...settings, entries }).apiKey;
  assert.equal(named("gpt-4o", {}), "theirs");
  assert.equal(named("openai/gpt-4o", { name: "gpt-5" }), "theirs");
  assert.equal(named("claude-sonnet-4-5", {}), undefined);
  assert.equal(named("gpt-4o", { name: "anthropic/claude-sonnet-4-5" }), undefined);
  assert.equal(named("gpt-4o", { name: "mine" }), undefined);
});

function askOnce(model: Model): ReturnType<typeof askForFailure> {
  // Its retries would take seconds, and are not the subject here.
  const stop = new AbortController();
  const replying = model.reply(request, stop.signal);
  return replying.next().then(
    (step) => {
      stop.abort();
      const progress = step.value as ModelProgress;
      assert.ok(progress.type === "retry", JSON.stringify(progress));
      return { code: progress.code, message: progress.message, progress: [progress] };
    },
    (error: unknown) => {
      assert.ok(error instanceof DeckhandError);
      return { code: error.code, message: error.message, progress: [] };
    },
  );
}
