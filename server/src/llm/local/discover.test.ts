import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { serveScript } from "../model.test-kit.ts";
import { discover, listModels } from "./discover.ts";

/** Long enough that no test on a busy machine reaches it by accident. */
const timeoutMs = 60_000;
const list = (...ids: string[]) => JSON.stringify({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });
const servers = (...urls: readonly string[]) => urls.map((url) => ({ prefix: "x", label: "X", url }));

test("[M22] a model server on this machine is recognized by its list of models", async (t) => {
  const paths: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    paths.push(request.url);
    response.end(list("nomic-embed-text", "qwen3:8b", "llama3.2"));
  });
  const found = await discover({ fetch, timeoutMs, servers: [{ prefix: "ollama", label: "Ollama", url }] });
  assert.deepEqual(found, [{ prefix: "ollama", label: "Ollama", baseUrl: url, models: ["qwen3:8b", "llama3.2"] }]);
  assert.deepEqual(paths, ["/v1/models"]);
});

test("[M22] all servers are contacted at once", async (t) => {
  // Each answers only when both were contacted: one after the other, the first would never answer.
  const bothContacted = Promise.withResolvers<void>();
  let contacted = 0;
  const answer: RequestListener = (_, response) => {
    contacted += 1;
    if (contacted === 2) bothContacted.resolve();
    void bothContacted.promise.then(() => response.end(list("a")));
  };
  const urls = [await serve(t, answer), await serve(t, answer)];
  const found = await discover({ fetch, timeoutMs, servers: servers(...urls) });
  assert.deepEqual(
    found.map(({ baseUrl }) => baseUrl),
    urls,
  );
});

test("[M22] a refused connection is not waited for", async (t) => {
  const closed = await serveScript(t, {});
  await closed.close();
  const startedAt = performance.now();
  assert.deepEqual(await discover({ fetch, timeoutMs, servers: servers(closed.url) }), []);
  assert.ok(performance.now() - startedAt < timeoutMs / 2);
});

test("[M22] anything that does not answer with models before the deadline is ignored", async (t) => {
  const silent = await serve(t, () => {});
  assert.deepEqual(await discover({ fetch, timeoutMs: 100, servers: servers(silent) }), []);
  const page = await serve(t, (_, response) => response.end("<html>"));
  const other = await serve(t, (_, response) => response.end('{"models": []}'));
  const empty = await serve(t, (_, response) => response.end(list()));
  const failing = await serve(t, (_, response) => response.writeHead(500).end());
  const moved = await serve(t, (_, response) => response.writeHead(302, { location: "https://example.org" }).end());
  const endless = await serve(t, (_, response) => {
    const chunk = "x".repeat(64 * 1024);
    const writeMore = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", writeMore);
    writeMore();
  });
  const urls = [page, other, empty, failing, moved, endless];
  assert.deepEqual(await discover({ fetch, timeoutMs, servers: servers(...urls) }), []);
});

test("[M22] the models of a server are listed with its key", async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(request.headers.authorization === "Bearer k" ? 200 : 401).end(list("a"));
  });
  assert.deepEqual(await listModels({ fetch, baseUrl: `${url}/`, apiKey: "k", timeoutMs }), ["a"]);
  await assert.rejects(listModels({ fetch, baseUrl: url, apiKey: undefined, timeoutMs }), /401/);
});

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}
