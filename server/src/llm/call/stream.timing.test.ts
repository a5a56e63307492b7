/** The timeout of a call. A time is only compared with one several times shorter or longer. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ask, askForFailure, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";

const request = requestOf(user("go"));

test("[M9] a model that falls silent times out, before and after its first byte", async (t) => {
  const timeoutMs = 1_500;
  const phases = [
    { reply: { hang: true }, deltas: 0 },
    { reply: { text: "This is long enough for three chunks.", hang: true, cut_after: 2 }, deltas: 1 },
  ];
  await Promise.all(
    phases.map(async ({ reply, deltas }) => {
      const server = await serveScript(t, { replies: [reply] });
      const { code, message, progress } = await askForFailure(modelOf(server, { timeoutMs }), request);
      assert.equal(code, "model_timeout");
      assert.match(message, /^The test's provider sent no data for 1\.5 s\./);
      assert.equal(progress.length, deltas);
      assert.equal(await server.requests.at(-1)?.ended, "aborted");
    }),
  );
});

test("[M9] a slow model does not time out as long as data arrives", async (t) => {
  const timeoutMs = 1_000;
  const text = "One character at a time, slowly.";
  const server = await serveScript(t, { replies: [{ text, chunk_size: 1, chunk_ms: 50 }] });
  const startedAt = performance.now();
  const { reply } = await ask(modelOf(server, { timeoutMs }), request);
  assert.partialDeepStrictEqual(reply.parts, [{ text }]);
  assert.ok(performance.now() - startedAt > timeoutMs, "the reply took longer than the timeout");
});

test("[M9] keep-alive comments extend the timeout, but not forever", async (t) => {
  const timeoutMs = 300;
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(": still thinking\n\n"), 10);
    response.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const startedAt = performance.now();
  const { code } = await askForFailure(modelOf({ url }, { timeoutMs }), request);
  assert.equal(code, "model_timeout");
  assert.ok(performance.now() - startedAt > 3 * timeoutMs);
});
