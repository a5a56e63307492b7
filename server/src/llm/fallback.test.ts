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

interface House {
  readonly models: ReturnType<typeof createModels>;
  readonly at: Readonly<Record<string, ModelServer>>;
  clockMs: number;
}

/** Models by name, each on a server of its own that plays its script; the first is the configured one. */
async function house(
  t: TestContext,
  scripts: Readonly<Record<string, ScriptInput>>,
  settings: Partial<ModelSettings> = {},
  more: Readonly<Record<string, Partial<ModelEntry>>> = {},
): Promise<House> {
  const at: Record<string, ModelServer> = {};
  for (const [name, script] of Object.entries(scripts)) at[name] = await serveScript(t, script);
  const entries = Object.entries(at).map(([name, { url }]) => ({ name, base_url: url, ...more[name] }));
  const [first = ""] = Object.keys(scripts);
  const made: House = {
    clockMs: 0,
    at,
    models: createModels({
      settings: () => ({ configured: { name: first }, env: {}, ...settings }),
      entries: async () => entries,
      retries: 5,
      timeoutMs: 5_000,
      discover: false,
      random: () => 0,
      now: () => made.clockMs,
    }),
  };
  return made;
}

const says = (text: string): ScriptInput => ({ replies: [{ text }], after: "repeat_last" });
const switches = (progress: readonly ModelProgress[]): string[] =>
  progress.flatMap((one) => (one.type === "switch" ? [one.message] : []));
const request = requestOf(user("go"));
/** Of one conversation whose last reply was by that model. */
const after = (model: string): ReturnType<typeof requestOf> =>
  requestOf(user("go"), { role: "assistant", parts: [{ type: "text", text: "Yes?" }], model }, user("on"));

test("[MP12] a model that is not there is stood in for by the next that is, once told, and the reply says whose it is", async (t) => {
  const own = await house(t, { a: {}, b: {}, c: says("I am c.") }, { fallback: ["b", "c"] });
  await own.at["a"]?.close();
  await own.at["b"]?.close();
  const model = await own.models.find({});
  assert.equal(model.name, "a");
  const { reply, progress } = await ask(model, request);
  assert.equal(reply.model, "c");
  // A refused connection is not waited for where somebody stands by.
  assert.deepEqual(
    progress.filter((one) => one.type === "retry"),
    [],
  );
  const [first, second, ...rest] = switches(progress);
  assert.match(first ?? "", /could not be reached .*ECONNREFUSED.* b is asked instead\.$/);
  assert.match(second ?? "", /c is asked instead\.$/);
  assert.deepEqual(rest, []);
  assert.deepEqual(switches((await ask(model, after("c"))).progress), [], "the conversation knows");
  assert.deepEqual(switches((await ask(model, after("a"))).progress), ["c stands in for a, which is out."]);
});

test("[MP12] 5xx is tried again twice, a long wait not at all, before another is asked", async (t) => {
  const failing: ScriptInput = { replies: [{ status: 503, headers: { "retry-after-ms": "1" } }], after: "repeat_last" };
  const busy: ScriptInput = { replies: [{ status: 429, headers: { "retry-after": "30" } }], after: "repeat_last" };
  for (const [script, requests] of [
    [failing, 3],
    [busy, 1],
  ] as const) {
    const own = await house(t, { a: script, b: says("I am b.") }, { fallback: ["b"] });
    const { reply } = await ask(await own.models.find({}), request);
    assert.equal(reply.model, "b");
    assert.equal(own.at["a"]?.requests.length, requests);
  }
});

test("[MP13] the first is asked again after a minute, or when it said; the conversation is told", async (t) => {
  const own = await house(
    t,
    {
      a: { replies: [{ status: 429, headers: { "retry-after": "120" } }, { text: "Back." }], after: "repeat_last" },
      b: says("b"),
    },
    { fallback: ["b"] },
  );
  const model = await own.models.find({});
  assert.equal((await ask(model, request)).reply.model, "b");
  own.clockMs = 119_000;
  assert.equal((await ask(model, request)).reply.model, "b");
  own.clockMs = 121_000;
  const back = await ask(model, requestOf(user("go"), { role: "assistant", parts: [], model: "b" }));
  assert.equal(back.reply.model, undefined);
  assert.deepEqual(switches(back.progress), ["a is asked again."]);
});

test("[MP14] a wrong key, and a conversation that is too long, are no outage; where all are out the first failure is told", async (t) => {
  for (const status of [401, 413]) {
    const own = await house(t, { a: { replies: [{ status }] }, b: says("b") }, { fallback: ["b"] });
    await assert.rejects(ask(await own.models.find({}), request), DeckhandError);
    assert.equal(own.at["b"]?.requests.length, 0);
  }
  const out = await house(t, { a: {}, b: {} }, { fallback: ["b", "nobody/knows-it"] });
  for (const server of Object.values(out.at)) await server.close();
  for (let times = 0; times < 2; times += 1) {
    const { code, message } = await askForFailure(await out.models.find({}), request);
    assert.equal(code, "model_unavailable");
    assert.ok(message.includes(`:${out.at["a"]?.port}/`), message);
  }
});

test("[MP15] who chose a model, an address or a key is asked nowhere else", async (t) => {
  const own = await house(t, { a: {}, b: says("b"), c: {} }, { fallback: ["b"], small: "b" });
  await own.at["a"]?.close();
  await own.at["c"]?.close();
  const url = own.at["c"]?.url ?? "";
  for (const choice of [{ name: "c" }, { baseUrl: url, name: "m" }, { apiKey: "theirs" }]) {
    const model = await own.models.find(choice);
    assert.equal(model.small, undefined);
    assert.equal((await askOnce(model)).code, "model_unavailable");
  }
  assert.equal(own.at["b"]?.requests.length, 0);
});

test("[MP16] a small model is there for titles and summaries; one that is not configured leaves them to the model", async (t) => {
  const own = await house(t, { a: says("a"), b: says("b") }, { small: "b" });
  const model = await own.models.find({});
  assert.equal((await model.small?.())?.name, "b");
  const without = await house(t, { a: says("a") }, { small: "anthropic/claude-haiku-4-5" });
  assert.equal((await (await without.models.find({})).small?.())?.name, "a");
  assert.equal((await (await house(t, { a: says("a") })).models.find({})).small, undefined);
});

test("[MP17] what another model thought and signed does not go to a new one, there and back", async (t) => {
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
    const own = await house(
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
      const { reply } = await ask(await own.models.find({ name, apiKey: "k" }), requestOf(...messages));
      const [said, ...results] = afterReply(reply);
      messages.push({ ...(said as Extract<ModelMessage, { role: "assistant" }>), model: name }, ...results);
    }
    const [, again] = own.at[first]?.requests.map(({ body }) => body) ?? [];
    const [foreign] = own.at[second]?.requests.map(({ body }) => body) ?? [];
    assert.ok(again !== undefined && foreign !== undefined);
    // The words and calls are there, what was thought is not, and nothing that was signed.
    assert.match(foreign, /Looking\./);
    assert.doesNotMatch(foreign, /First I look|sig_|encrypted_rs|rs_0|fc_0|msg_0/);
    assert.match(again, /First I look/);
    assert.match(again, /sig_0_0|encrypted_rs_0_0/);
    assert.doesNotMatch(again, /Then I count|sig_1|rs_1/);
  }
});

test("[MP18] the effort of thinking is passed to models that can be told, in their provider's words", async (t) => {
  const own = await house(
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
    await ask(await own.models.find({ name, reasoningEffort: effort }), request);
    return JSON.parse(own.at[name]?.requests.at(-1)?.body ?? "") as Record<string, unknown>;
  };
  assert.partialDeepStrictEqual(await sent("a"), { reasoning: { effort: "low" } });
  assert.partialDeepStrictEqual(await sent("a", "high"), { reasoning: { effort: "high" } });
  assert.partialDeepStrictEqual(await sent("b"), { thinking: { type: "enabled" } });
  assert.ok(JSON.stringify(await sent("c")).includes("thinkingBudget"));
  assert.equal((await sent("d"))["reasoning"], undefined, "it does not think");
  assert.partialDeepStrictEqual(await sent("e"), { reasoning_effort: "low" });
});

test("[MP19] what is saved while the server runs counts from the next call on", async (t) => {
  const [a, b] = [await serveScript(t, says("a")), await serveScript(t, says("b"))];
  let settings: ModelSettings = { configured: { name: "m", baseUrl: a.url, apiKey: "first" }, env: {} };
  const models = createModels({ settings: () => settings, retries: 0, timeoutMs: 5_000, discover: false });
  await ask(await models.find({}), request);
  settings = { configured: { name: "m", baseUrl: b.url, apiKey: "second" }, env: {} };
  await ask(await models.find({}), request);
  assert.equal(a.requests[0]?.headers.authorization, "Bearer first");
  assert.equal(b.requests[0]?.headers.authorization, "Bearer second");
  settings = { configured: { name: "claude-sonnet-4-5" }, env: { ANTHROPIC_API_KEY: "saved" } };
  assert.deepEqual((await models.list()).models, ["claude-sonnet-4-5", "demo"]);
});

test("[MP20] a key that came for one model goes to no other provider and no other address when the model is changed", async (t) => {
  const [a, b] = [await serveScript(t, says("a")), await serveScript(t, says("b"))];
  const entries = [
    { name: "mine", base_url: a.url },
    { name: "other", base_url: b.url },
  ];
  const settings: ModelSettings = {
    configured: { name: "openai/gpt-5" },
    env: { OPENAI_API_KEY: "o", ANTHROPIC_API_KEY: "c" },
  };
  const options = { retries: 0, timeoutMs: 5_000, discover: false, entries: async () => entries };
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
  // Another model of the same provider has it; the provider's own variable is there for the others.
  const named = (name: string, keyFor: { readonly name?: string }) =>
    scopeKey({ name, apiKey: "theirs", keyFor }, { ...settings, entries }).apiKey;
  assert.equal(named("gpt-4o", {}), "theirs");
  assert.equal(named("openai/gpt-4o", { name: "gpt-5" }), "theirs");
  assert.equal(named("claude-sonnet-4-5", {}), undefined);
  assert.equal(named("gpt-4o", { name: "anthropic/claude-sonnet-4-5" }), undefined);
  assert.equal(named("gpt-4o", { name: "mine" }), undefined);
});

function askOnce(model: Model): ReturnType<typeof askForFailure> {
  // Its retries take seconds, which are not what is tried here.
  const stop = new AbortController();
  const replying = model.reply(request, stop.signal);
  return replying.next().then(
    (step) => {
      stop.abort();
      const said = step.value as ModelProgress;
      assert.ok(said.type === "retry", JSON.stringify(said));
      return { code: said.code, message: said.message, progress: [said] };
    },
    (error: unknown) => {
      assert.ok(error instanceof DeckhandError);
      return { code: error.code, message: error.message, progress: [] };
    },
  );
}
