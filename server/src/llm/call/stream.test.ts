/** How a call ends: with its reply, or because it was interrupted or aborted. Timeouts are in stream.timing.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, askForFailure, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";

const request = requestOf(user("go"));

test("[M8] a reply whose stream is interrupted does not count, however much of it arrived", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "This is long enough for three chunks.", calls: [{ name: "run" }], cut_after: 3 }],
  });
  const { code, message, progress } = await askForFailure(modelOf(server), request);
  assert.equal(code, "model_unavailable");
  assert.equal(message, "The connection to The test's provider was lost in the middle of the reply.");
  assert.deepEqual(progress[0], { type: "delta", delta: { of: "reply", text: "This is long eno" } });
});

for (const kind of ["compatible", "openai", "anthropic", "google"] as const) {
  test(`[M8] ${kind}: a stream that ends normally but without its last part was interrupted`, async (t) => {
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

test("[M10] an abort ends the call at once with its reason, and closes the connection", async (t) => {
  const phases = {
    "before the answer": { replies: [{ hang: true }] },
    "in the middle of the stream": {
      replies: [{ text: "a b c", chunk_size: 1, chunk_ms: 1, cut_after: 3, hang: true }],
    },
    "in the wait before a retry": { replies: [{ status: 429, headers: { "retry-after": "50" } }] },
  };
  for (const [phase, script] of Object.entries(phases)) {
    const server = await serveScript(t, script);
    const stop = new AbortController();
    const reason = new Error("stop");
    const answer = modelOf(server, { retries: 3 }).reply(request, stop.signal);
    const run = (async () => {
      for (;;) if ((await answer.next()).done === true) return "replied";
    })();
    const received = await until(() => server.requests[0]);
    if (phase === "in the wait before a retry") assert.equal(await received.ended, "finished");
    const startedAt = performance.now();
    stop.abort(reason);
    await assert.rejects(run, (error) => error === reason, phase);
    // Left alone, each of these waits for at least 50 s.
    assert.ok(performance.now() - startedAt < 20_000, phase);
    if (phase !== "in the wait before a retry") assert.equal(await received.ended, "aborted", phase);
  }
});

test("[M10] a call that is already aborted sends no request", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "hi" }] });
  const reason = new Error("stop");
  await assert.rejects(ask(modelOf(server), request, AbortSignal.abort(reason)), (error) => error === reason);
  assert.equal(server.requests.length, 0);
});

test("[M10] a caller that stops reading closes the connection", async (t) => {
  const server = await serveScript(t, {
    replies: [{ text: "a b c", chunk_size: 1, chunk_ms: 1, cut_after: 3, hang: true }],
  });
  for await (const progress of modelOf(server).reply(request, new AbortController().signal)) {
    assert.equal(progress.type, "delta");
    break;
  }
  assert.equal(await server.requests[0]?.ended, "aborted");
});

test("[M11] a reply without text or calls is empty, even with reasoning", async (t) => {
  const server = await serveScript(t, {
    replies: [{}, { reasoning: "Hm." }],
    conversations: [
      { when: "go 2", replies: [{ text: "", finish: "length" }] },
      { when: "go 3", replies: [{ text: " \n" }] },
    ],
  });
  const ends = [
    "an empty reply.",
    "an empty reply.",
    "an empty reply: it reached its output limit first.",
    "an empty reply.",
  ];
  for (const [at, end] of ends.entries()) {
    const { code, message } = await askForFailure(modelOf(server), requestOf(user(at < 2 ? "go" : `go ${at}`)));
    assert.equal(code, "model_empty_reply");
    assert.equal(message, `test-model returned ${end}`);
  }
});

test("[M12] a web page in place of a model server is reported as one", async (t) => {
  const server = await serveScript(t, {
    replies: [{ status: 200, headers: { "content-type": "text/html" }, body: "<html>Welcome</html>" }],
  });
  const { code, message } = await askForFailure(modelOf(server), request);
  assert.equal(code, "model_bad_request");
  assert.match(message, /is a web page, not a model server\. Check the base URL/);
});

test("[M12] a stream that is not JSON is a bad reply", async (t) => {
  const server = await serveScript(t, { replies: [{ status: 200, body: "data: {nonsense\n\n" }] });
  const { code } = await askForFailure(modelOf(server), request);
  assert.equal(code, "model_bad_reply");
});

test("[M13] the calls of one reply arrive in order, even when there are many", async (t) => {
  const calls = Array.from({ length: 12 }, (_, index) => ({ name: "run", arguments: { command: `echo ${index}` } }));
  const server = await serveScript(t, { replies: [{ calls, chunk_size: 5 }] });
  const { reply } = await ask(modelOf(server), request);
  assert.deepEqual(
    reply.parts.map((part) => part.type === "call" && JSON.parse(part.arguments)),
    calls.map((call) => call.arguments),
  );
});

test("[M13] a reply that reached the output limit counts, with the finish reason length", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "As long as it", finish: "length" }] });
  const { reply } = await ask(modelOf(server), request);
  assert.equal(reply.finishReason, "length");
});

async function until<T>(probe: () => T | undefined): Promise<T> {
  for (;;) {
    const value = probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
