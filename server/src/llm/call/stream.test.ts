/** How a call ends: by its reply, by silence, by a cut, by our own abort. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ask, askForFailure, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";

const request = requestOf(user("go"));

test("[M8] a reply whose stream is cut is not taken, whatever of it had come", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "This is long enough for three chunks.", calls: [{ name: "run" }], cut_after: 3 }],
  });
  const { code, message, progress } = await askForFailure(modelOf(server), request);
  assert.equal(code, "model_unavailable");
  assert.equal(message, "The connection to The test's provider was cut in the middle of the reply.");
  assert.deepEqual(progress[0], { type: "delta", delta: { of: "reply", text: "This is long eno" } });
});

for (const kind of ["compatible", "openai", "anthropic", "google"] as const) {
  test(`[M8] ${kind}: a stream that ends in order, but without its last part, was cut`, async (t) => {
    const half = {
      compatible: 'data: {"choices":[{"delta":{"content":"half"}}]}\n\n',
      openai:
        'data: {"type":"response.created","response":{"id":"r","created_at":1,"model":"m"}}\n\ndata: {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m"}}\n\ndata: {"type":"response.output_text.delta","item_id":"m","delta":"half"}\n\n',
      anthropic:
        'data: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":1,"output_tokens":1}}}\n\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half"}}\n\n',
      google: 'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"half"}]}}]}\n\n',
    };
    const server = await serveScript(t, { replies: [{ status: 200, body: half[kind] }] });
    const { code, progress } = await askForFailure(modelOf(server, { kind }), request);
    assert.equal(code, "model_unavailable");
    assert.deepEqual(progress, [{ type: "delta", delta: { of: "reply", text: "half" } }]);
  });
}

test("[M9] a model that never answers is given up after the time-out, before and after its first byte", async (t) => {
  const server = await serveScript(t, {
    replies: [{ hang: true }, { text: "This is long enough for three chunks.", hang: true, cut_after: 2 }],
  });
  for (const shown of [0, 1]) {
    const { code, message, progress } = await askForFailure(modelOf(server, { timeoutMs: 250 }), request);
    assert.equal(code, "model_timeout");
    assert.equal(message, "The test's provider sent nothing for 0.3 s (LLM_TIMEOUT).");
    assert.equal(progress.length, shown);
    assert.equal(await server.requests.at(-1)?.ended, "aborted");
  }
});

test("[M9] a slow model is not given up as long as something comes", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "One word after the other, slowly.", chunk_size: 1, chunk_ms: 20 }],
  });
  const started = performance.now();
  const { reply } = await ask(modelOf(server, { timeoutMs: 400 }), request);
  assert.partialDeepStrictEqual(reply.parts, [{ text: "One word after the other, slowly." }]);
  assert.ok(performance.now() - started > 500, "it took longer than the time-out");
});

test("[M9] comments that keep a connection alive count for a while, and not for ever", async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(": still thinking\n\n"), 5);
    response.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const started = performance.now();
  const { code } = await askForFailure(modelOf({ url }, { timeoutMs: 100 }), request);
  const took = performance.now() - started;
  assert.equal(code, "model_timeout");
  assert.ok(took > 500 && took < 10_000, `${took} ms`);
});

test("[M10] an abort ends the call at once with its reason, and closes the connection", async (t) => {
  const places = {
    "before the answer": { replies: [{ hang: true }] },
    "in the middle of the stream": {
      replies: [{ text: "a b c", chunk_size: 1, chunk_ms: 1, cut_after: 3, hang: true }],
    },
    "in the wait before a retry": { replies: [{ status: 429, headers: { "retry-after": "50" } }] },
  };
  for (const [place, script] of Object.entries(places)) {
    const server = await serveScript(t, script);
    const stop = new AbortController();
    const reason = new Error("stop");
    const answer = modelOf(server, { retries: 3 }).reply(request, stop.signal);
    // Runs until the model has nothing more to say.
    const run = (async () => {
      for (;;) if ((await answer.next()).done === true) return "replied";
    })();
    const asked = await until(() => server.requests[0]);
    if (place === "in the wait before a retry") assert.equal(await asked.ended, "finished");
    const started = performance.now();
    stop.abort(reason);
    await assert.rejects(run, (error) => error === reason, place);
    assert.ok(performance.now() - started < 500, place);
    if (place !== "in the wait before a retry") assert.equal(await asked.ended, "aborted", place);
  }
});

test("[M10] a call that is aborted before it begins asks nobody", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "hi" }] });
  const reason = new Error("stop");
  await assert.rejects(ask(modelOf(server), request, AbortSignal.abort(reason)), (error) => error === reason);
  assert.equal(server.requests.length, 0);
});

test("[M10] whoever stops listening closes the connection", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "a b c", chunk_size: 1, chunk_ms: 1, cut_after: 3, hang: true }],
  });
  for await (const progress of modelOf(server).reply(request, new AbortController().signal)) {
    assert.equal(progress.type, "delta");
    break;
  }
  assert.equal(await server.requests[0]?.ended, "aborted");
});

test("[M11] a reply with nothing in it is none; thinking alone is nothing", async (t) => {
  const server = await serveScript(t, {
    replies: [{}, { reasoning: "Hm." }],
    conversations: [
      { when: "go 2", replies: [{ text: "", finish: "length" }] },
      { when: "go 3", replies: [{ text: " \n" }] },
    ],
  });
  const ends = [
    "with nothing.",
    "with nothing.",
    "with nothing: it used up its output before it said anything.",
    "with nothing.",
  ];
  for (const [at, end] of ends.entries()) {
    const { code, message } = await askForFailure(modelOf(server), requestOf(user(at < 2 ? "go" : `go ${at}`)));
    assert.equal(code, "model_empty_reply");
    assert.equal(message, `test-model replied ${end}`);
  }
});

test("[M12] a web page in place of a model server is told as one", async (t) => {
  const server = await serveScript(t, {
    replies: [{ status: 200, headers: { "content-type": "text/html" }, body: "<html>Welcome</html>" }],
  });
  const { code, message } = await askForFailure(modelOf(server), request);
  assert.equal(code, "model_bad_request");
  assert.match(message, /is a web page, not a model server\. Check LLM_BASE_URL/);
});

test("[M12] a stream of nonsense is a bad reply", async (t) => {
  const server = await serveScript(t, { replies: [{ status: 200, body: "data: {nonsense\n\n" }] });
  const { code } = await askForFailure(modelOf(server), request);
  assert.equal(code, "model_bad_reply");
});

test("[M13] calls of one reply arrive in their order, also when there are many", async (t) => {
  const calls = Array.from({ length: 12 }, (_, index) => ({ name: "run", arguments: { command: `echo ${index}` } }));
  const server = await serveScript(t, { replies: [{ calls, chunk_size: 5 }] });
  const { reply } = await ask(modelOf(server), request);
  assert.deepEqual(
    reply.parts.map((part) => part.type === "call" && JSON.parse(part.arguments)),
    calls.map((call) => call.arguments),
  );
});

test("[M13] a reply that was cut at the model's own limit counts, and says so", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "As long as it", finish: "length" }] });
  const { reply } = await ask(modelOf(server), request);
  assert.equal(reply.finishReason, "length");
});

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const seen = look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
