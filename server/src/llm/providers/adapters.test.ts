/** Every provider package over a real socket: the requests it sends, and the replies it makes of the responses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReply, ask, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";
import type { ScriptInput } from "../scripted/script.ts";

const kinds: readonly { readonly kind: string; readonly model: string; readonly list: string }[] = [
  { kind: "compatible", model: "test-model", list: "messages" },
  { kind: "openai", model: "gpt-5", list: "input" },
  { kind: "anthropic", model: "claude-sonnet-4-5", list: "messages" },
  { kind: "google", model: "gemini-2.5-pro", list: "contents" },
  { kind: "bedrock", model: "anthropic.claude-sonnet-4-5-20250929-v1:0", list: "messages" },
];

const script: ScriptInput = {
  replies: [
    {
      reasoning: "They want a list of the files here.",
      text: "I look around, then I count.",
      calls: [
        { name: "run", arguments: '{"command": "ls",  "timeout": 5}' },
        { name: "run", arguments: { command: "wc -l *" } },
      ],
      chunk_size: 8,
      usage: { input: 1000, output: 50, cached_input: 400, reasoning: 10 },
    },
    { text: "There are three." },
  ],
};

for (const { kind, model: name, list } of kinds) {
  test(`[M1] ${kind}: reasoning, text, calls and usage of a streamed reply arrive, the text in deltas`, async (t) => {
    const server = await serveScript(t, script);
    const { reply, progress } = await ask(modelOf(server, { kind, model: name }), requestOf(user("count the files")));
    const [reasoning, text, first, second] = reply.parts;
    assert.partialDeepStrictEqual(reasoning, { type: "reasoning", text: "They want a list of the files here." });
    assert.partialDeepStrictEqual(text, { type: "text", text: "I look around, then I count." });
    assert.partialDeepStrictEqual(first, { type: "call", id: "call_0_0", name: "run" });
    assert.partialDeepStrictEqual(second, { type: "call", id: "call_0_1", name: "run" });
    assert.equal(reply.parts.length, 4);
    // Gemini sends arguments as an object; the others send text, which is kept unchanged.
    const raw = kind === "google" ? '{"command":"ls","timeout":5}' : '{"command": "ls",  "timeout": 5}';
    assert.equal(first?.type === "call" && first.arguments, raw);
    assert.equal(reply.finishReason, "tool-calls");
    assert.deepEqual(reply.usage, {
      input: 1000,
      output: 50,
      cached_input: 400,
      cache_write: 0,
      // Anthropic counts reasoning as output.
      reasoning: kind === "anthropic" || kind === "bedrock" ? 0 : 10,
    });
    assert.ok(reply.firstTokenMs !== null && reply.firstTokenMs > 0);
    for (const [of, expected] of [
      ["reasoning", "They want a list of the files here."],
      ["reply", "I look around, then I count."],
    ]) {
      const texts = progress.flatMap((one) => (one.type === "delta" && one.delta.of === of ? [one.delta.text] : []));
      assert.ok(texts.length > 2, `${texts.length} deltas of the ${of}`);
      assert.equal(texts.join(""), expected);
    }
  });

  test(`[M2] ${kind}: the same request is the same bytes, and the next one starts with it`, async (t) => {
    const server = await serveScript(t, script);
    const model = modelOf(server, { kind, model: name });
    const messages = [user("count the files")];
    const { reply } = await ask(model, requestOf(...messages));
    messages.push(...afterReply(reply));
    await ask(model, requestOf(...messages));
    // Like after a restart: new objects with the same content, converted by a new model object.
    const reloaded = JSON.parse(JSON.stringify(messages)) as typeof messages;
    await ask(modelOf(server, { kind, model: name }), requestOf(...reloaded));
    const [first, second, third] = server.requests.map((one) => one.body);
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(third, second);
    const [before, after] = [first, second].map((body) => withoutMarks(itemsOf(body, list)));
    assert.ok(before !== undefined && before.length > 10);
    assert.equal(after?.slice(0, before.length), before);
    assert.equal(withoutMarks(restOf(second, list)), withoutMarks(restOf(first, list)));
  });
}

test("[M3] what a provider signs is sent back to it: OpenAI's encrypted reasoning", async (t) => {
  const input = await secondRequest(t, "openai", "gpt-5", "input");
  assert.deepEqual(input[2], {
    type: "reasoning",
    id: "rs_0_0",
    encrypted_content: "encrypted_rs_0_0",
    summary: [{ type: "summary_text", text: "They want a list of the files here." }],
  });
});

test("[M3] what a provider signs is sent back to it: Anthropic's thinking", async (t) => {
  const messages = await secondRequest(t, "anthropic", "claude-sonnet-4-5", "messages");
  const [thinking] = (messages[1] as { content: unknown[] }).content;
  assert.deepEqual(thinking, {
    type: "thinking",
    thinking: "They want a list of the files here.",
    signature: "sig_0_0",
  });
});

test("[M3] what a provider signs is sent back to it: Gemini's calls", async (t) => {
  const contents = await secondRequest(t, "google", "gemini-2.5-pro", "contents");
  const call = (contents[1] as { parts: unknown[] }).parts.at(-1);
  assert.partialDeepStrictEqual(call, { functionCall: { name: "run" }, thoughtSignature: "sig_call_0_1" });
});

test("[M3] reasoning is sent back to a compatible server as text", async (t) => {
  const messages = await secondRequest(t, "compatible", "test-model", "messages");
  assert.partialDeepStrictEqual(messages[2], { reasoning_content: "They want a list of the files here." });
});

test("[M3] signatures of one provider are no problem for another", async (t) => {
  const server = await serveScript(t, script);
  const messages = [user("count the files")];
  for (const { kind, model } of kinds) {
    const { reply } = await ask(modelOf(server, { kind, model }), requestOf(user("count the files")));
    messages.push(...afterReply(reply), user("go on"));
  }
  for (const { kind, model } of kinds) {
    const { reply } = await ask(modelOf(server, { kind, model }), requestOf(...messages));
    assert.equal(reply.finishReason, "stop");
  }
});

test("[M3] names and ids that a model made up are sanitized for every provider", async (t) => {
  const server = await serveScript(t, {
    replies: [{ calls: [{ name: "functions.run", arguments: {}, id: "functions.run:0" }] }, { text: "Done." }],
  });
  const { reply } = await ask(modelOf(server), requestOf(user("go")));
  assert.partialDeepStrictEqual(reply.parts[0], { id: "functions.run:0", name: "functions.run" });
  for (const { kind, model } of kinds) {
    await ask(modelOf(server, { kind, model }), requestOf(user("go"), ...afterReply(reply)));
    const body = server.requests.at(-1)?.body ?? "";
    assert.ok(body.includes("functions_run_0") && !body.includes('"functions.run'), body);
  }
});

test("[M4] OpenAI stores nothing of a conversation", async (t) => {
  const server = await serveScript(t, script);
  await ask(modelOf(server, { kind: "openai", model: "gpt-5" }), requestOf(user("count the files")));
  assert.partialDeepStrictEqual(JSON.parse(server.requests[0]?.body ?? ""), {
    store: false,
    include: ["reasoning.encrypted_content"],
  });
});

test("[M5] cache marks for Anthropic are at the system prompt, the end of the previous request, and the end", async (t) => {
  const server = await serveScript(t, script);
  const model = modelOf(server, { kind: "anthropic", model: "claude-sonnet-4-5" });
  const { reply } = await ask(model, requestOf(user("count the files")));
  await ask(model, requestOf(user("count the files"), ...afterReply(reply, true)));
  const body = JSON.parse(server.requests[1]?.body ?? "") as {
    system: { cache_control?: unknown }[];
    messages: { role: string; content: { cache_control?: unknown; is_error?: boolean }[] }[];
  };
  const mark = { type: "ephemeral" };
  assert.deepEqual(body.system.at(-1)?.cache_control, mark);
  assert.deepEqual(
    body.messages.map(({ content }) => content.at(-1)?.cache_control),
    [mark, undefined, mark],
  );
  assert.equal(body.messages[2]?.content[0]?.is_error, true);
});

for (const { kind, model: name, list } of kinds) {
  test(`[M6] ${kind}: malformed arguments are stored as the model wrote them, and sent back as {}`, async (t) => {
    const server = await serveScript(t, {
      replies: [{ calls: [{ name: "run", arguments: '{"command": "ls' }] }, { text: "Sorry." }],
    });
    const model = modelOf(server, { kind, model: name });
    const { reply } = await ask(model, requestOf(user("go")));
    const [call] = reply.parts;
    // Gemini never sends text.
    assert.equal(call?.type === "call" && call.arguments, kind === "google" ? "{}" : '{"command": "ls');
    await ask(model, requestOf(user("go"), ...afterReply(reply)));
    const sent = itemsOf(server.requests[1]?.body ?? "", list);
    assert.match(sent, /"(arguments":"\{\}"|input":\{\}|args":\{\})/);
    assert.doesNotMatch(sent, /command/);
  });
}

test("[M7] an image is sent to a model that supports images, and mentioned to one that does not", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "A dot." }] });
  const request = requestOf(user("what is this?", ["data:image/png;base64,iVBORw0KGgo=", "https://example.org/a.png"]));
  const expected = {
    openai: '{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}',
    anthropic: '{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}',
    google: '{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}',
    compatible: "(an image, which this model cannot see)",
    bedrock: '{"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}',
  };
  for (const { kind, model: name } of kinds) {
    const model = modelOf(server, { kind, model: name });
    assert.equal(model.takesImages, kind !== "compatible");
    await ask(model, request);
    const body = server.requests.at(-1)?.body ?? "";
    assert.ok(body.includes(expected[kind as keyof typeof expected]), body);
    // No URL is fetched.
    assert.ok(body.includes("(image: https://example.org/a.png)"), body);
  }
});

async function secondRequest(
  t: Parameters<typeof serveScript>[0],
  kind: string,
  name: string,
  list: string,
): Promise<unknown[]> {
  const server = await serveScript(t, script);
  const model = modelOf(server, { kind, model: name });
  const { reply } = await ask(model, requestOf(user("count the files")));
  await ask(model, requestOf(user("count the files"), ...afterReply(reply)));
  return (JSON.parse(server.requests[1]?.body ?? "") as Record<string, unknown[]>)[list] ?? [];
}

/** The bytes of the list of messages, without its closing bracket. */
function itemsOf(body: string, list: string): string {
  return JSON.stringify((JSON.parse(body) as Record<string, unknown>)[list]).slice(0, -1);
}

function restOf(body: string, list: string): string {
  return JSON.stringify({ ...(JSON.parse(body) as object), [list]: [] });
}

/** Cache marks are not part of what is cached. */
function withoutMarks(text: string): string {
  return text
    .replaceAll(',"cache_control":{"type":"ephemeral"}', "")
    .replaceAll(',{"cachePoint":{"type":"default"}}', "");
}
