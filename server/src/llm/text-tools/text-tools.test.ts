import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReply, ask, askForFailure, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";
import { withToolCalling } from "./text-tools.ts";

const runHello = "I look.\n<function=run>\n<parameter=command>\necho hello\n</parameter>\n</function>";
const noTools = { status: 400, body: { error: { message: "registry/gemma:2b does not support tools" } } };

interface Body {
  readonly tools?: unknown;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
}

test("[M28] tools, calls and results are text to the model, and each request starts with the previous one", async (t) => {
  const server = await serveScript(t, { replies: [{ text: runHello }, { text: "It says hello." }] });
  const model = withToolCalling(modelOf(server), "text");
  const request = requestOf(user("go"));
  const first = await ask(model, request);
  assert.deepEqual(first.reply.parts, [
    { type: "text", text: "I look." },
    { type: "call", id: "call_1", name: "run", arguments: '{"command":"echo hello"}' },
  ]);
  const second = await ask(model, { ...request, messages: [...request.messages, ...afterReply(first.reply)] });
  assert.deepEqual(second.reply.parts, [{ type: "text", text: "It says hello." }]);

  const [before, now] = server.requests.map(({ body }) => JSON.parse(body) as Body);
  assert.ok(before !== undefined && now !== undefined);
  assert.equal(before.tools, undefined);
  assert.match(
    String(before.messages[0]?.content),
    /^You are an agent\.[\s\S]*## run\nRuns a command\.\n- command \(string\)/,
  );
  assert.deepEqual(now.messages.slice(0, before.messages.length), before.messages);
  assert.deepEqual(now.messages.slice(before.messages.length), [
    { role: "assistant", content: runHello },
    { role: "user", content: "Result of run:\nresult of call_1" },
  ]);
});

test("[M30] text is streamed without the calls, and thinking as reasoning", async (t) => {
  const text = `<think>Hm, a < b.</think>1 < 2, so:\n${runHello}`;
  for (const size of [1, 3, 7, 1000]) {
    const server = await serveScript(t, { replies: [{ text, chunk_size: size }] });
    const { progress, reply } = await ask(withToolCalling(modelOf(server), "text"), requestOf(user("go")));
    const streamed = (of: string) =>
      progress.flatMap((one) => (one.type === "delta" && one.delta.of === of ? [one.delta.text] : [])).join("");
    assert.equal(streamed("reasoning"), "Hm, a < b.");
    assert.equal(streamed("reply"), "1 < 2, so:\nI look.\n");
    assert.deepEqual(
      reply.parts.map(({ type }) => type),
      ["reasoning", "text", "call"],
    );
  }
});

test("[M31] a model that rejects tools is called with text tools from then on, and this is reported", async (t) => {
  const server = await serveScript(t, { replies: [noTools, { text: runHello }, { text: "Done." }] });
  const model = modelOf(server);
  const first = await ask(model, requestOf(user("go")));
  assert.equal(first.reply.parts.at(-1)?.type, "call");
  const retry = first.progress.find((one) => one.type === "retry");
  assert.match(retry?.message ?? "", /does not support tool calling/);
  const second = await ask(model, requestOf(user("go"), ...afterReply(first.reply)));
  assert.ok(second.progress.every((one) => one.type === "delta"));
  assert.equal(server.requests.length, 3);
});

test("[M31] with native tool calling configured, rejected tools fail with what to set", async (t) => {
  const server = await serveScript(t, { replies: [noTools, { text: "Never sent." }] });
  const model = modelOf(server, { toolCalling: "native" });
  const { code, message } = await askForFailure(model, requestOf(user("go")));
  assert.equal(code, "model_bad_request");
  assert.match(message, /LLM_NATIVE_TOOL_CALLING=false/);
});
