import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { serveScript } from "../model.test-kit.ts";
import { discover, listModels } from "./discover.ts";

const list = (...ids: string[]) => JSON.stringify({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });

test("[M22] a model server on this machine is found by the list of models that it answers", async (t) => {
  const seen: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    seen.push(request.url);
    response.end(list("nomic-embed-text", "qwen3:8b", "llama3.2"));
  });
  const gone = await serveScript(t, {});
  await gone.close();
  const found = await discover({
    fetch,
    servers: [
      { prefix: "vllm", label: "vLLM", url: gone.url },
      { prefix: "ollama", label: "Ollama", url },
    ],
  });
  assert.deepEqual(found, [{ prefix: "ollama", label: "Ollama", baseUrl: url, models: ["qwen3:8b", "llama3.2"] }]);
  assert.deepEqual(seen, ["/v1/models"]);
});

test("[M22] whatever else listens there is not a model server, and is not waited for", async (t) => {
  const silent = await serve(t, () => {});
  const page = await serve(t, (_, response) => response.end("<html>"));
  const other = await serve(t, (_, response) => response.end('{"models": []}'));
  const empty = await serve(t, (_, response) => response.end(list()));
  const failing = await serve(t, (_, response) => response.writeHead(500).end());
  const moved = await serve(t, (_, response) => response.writeHead(302, { location: "https://example.org" }).end());
  const endless = await serve(t, (_, response) => {
    const chunk = "x".repeat(64 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  const servers = [silent, page, other, empty, failing, moved, endless].map((url) => ({
    prefix: "x",
    label: "X",
    url,
  }));
  const started = performance.now();
  assert.deepEqual(await discover({ fetch, servers }), []);
  assert.ok(performance.now() - started < 1_500, "all at once, and none for long");
});

test("[M22] a server's models can be listed with a key", async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(request.headers.authorization === "Bearer k" ? 200 : 401).end(list("a"));
  });
  assert.deepEqual(await listModels({ fetch, baseUrl: `${url}/`, apiKey: "k", timeoutMs: 1_000 }), ["a"]);
  await assert.rejects(listModels({ fetch, baseUrl: url, apiKey: undefined, timeoutMs: 1_000 }), /401/);
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
