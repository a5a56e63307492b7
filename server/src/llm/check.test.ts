import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { ModelReport } from "@deckhand/protocol";
import { modelOf, neverAborted, serveScript, type ModelOptions } from "./model.test-kit.ts";
import { checkModel } from "./check.ts";
import type { ScriptInput } from "./scripted/script.ts";

/** Every request starts a conversation, so the scripts are chosen by its text. */
async function check(
  t: TestContext,
  [called, described, remembered = { text: "Heliotrope." }]: NonNullable<ScriptInput["replies"]>,
  options: ModelOptions = {},
): Promise<ModelReport> {
  const conversations = [
    { when: "Call the tool add with a = 17 and b = 25.", replies: called === undefined ? [] : [called] },
    { when: "The code word is heliotrope.", replies: [remembered] },
    { when: "What color is this image? Answer with one word.", replies: described === undefined ? [] : [described] },
  ];
  return checkModel(modelOf(await serveScript(t, { conversations }), options), neverAborted);
}

const findings = ({ findings: list }: ModelReport): Record<string, boolean> =>
  Object.fromEntries(list.map(({ what, ok }) => [what, ok]));
const sentence = ({ findings: list }: ModelReport, wanted: string): string =>
  list.find(({ what }) => what === wanted)?.sentence ?? "";
const adds = { calls: [{ name: "add", arguments: { a: 17, b: 25 } }] };

test("[M33] a check reports whether a model replies, calls tools and sees images, and what is unknown", async (t) => {
  const seeing = await check(t, [adds, { text: "Red." }], { model: "gpt-4o", kind: "compatible" });
  assert.equal(seeing.ok, true);
  assert.deepEqual(findings(seeing), { reply: true, tools: true, images: true, context: true, price: true });
  assert.match(sentence(seeing, "context"), /LLM_MAX_INPUT_TOKENS/);

  const blind = await check(t, [adds, { text: "Blue?" }], { model: "gpt-4o" });
  assert.equal(blind.ok, false);
  assert.match(sentence(blind, "images"), /it said: Blue\?/);

  const silent = await check(t, [{ text: "The sum is 42." }], { model: "text-only" });
  assert.equal(silent.ok, false);
  assert.match(sentence(silent, "tools"), /LLM_NATIVE_TOOL_CALLING=false/);
  const wrong = await check(t, [{ calls: [{ name: "add", arguments: { a: 17 } }] }], { model: "text-only" });
  assert.match(sentence(wrong, "tools"), /wrong arguments/);
});

test("[M33] a wrong key and a busy server are reported at once, with what to do", async (t) => {
  const refused = await check(t, [{ status: 401 }], { retries: 5 });
  assert.deepEqual([refused.ok, refused.cost_usd], [false, null]);
  assert.match(sentence(refused, "reply"), /key was rejected/);
  const busy = await check(t, [{ status: 503, headers: { "retry-after-ms": "50000" } }], { retries: 5 });
  assert.match(sentence(busy, "reply"), /503(?!.*Retrying)/);
});

test("[M33] a model without tool calling is checked with tools described in the prompt", async (t) => {
  const written = "<function=add>\n<parameter=a>\n17\n</parameter>\n<parameter=b>\n25\n</parameter>\n</function>";
  const server = await serveScript(t, {
    replies: [{ status: 400, body: { error: { message: "x does not support tools" } } }, { text: written }],
    conversations: [{ when: "The code word is heliotrope.", replies: [{ text: "heliotrope" }] }],
  });
  const report = await checkModel(modelOf(server), neverAborted);
  assert.equal(report.ok, true);
  assert.match(sentence(report, "tools"), /described in the prompt \(no native/);
});

test("[M33] a server that truncates or rejects a long request is detected, with what to set", async (t) => {
  const refusal = { status: 400, body: { error: { message: "input length exceeds the context length" } } };
  for (const remembered of [{ text: "I know no code word." }, refusal]) {
    const report = await check(t, [adds, { text: "Red." }, remembered], { model: "text-only" });
    assert.equal(report.ok, false);
    assert.match(sentence(report, "context"), /loses the beginning of 6,000 tokens.*OLLAMA_CONTEXT_LENGTH/);
  }
});
