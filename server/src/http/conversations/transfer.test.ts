import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { rawRequest, requestText, startTestServer, type TestServer } from "../server.test-kit.ts";

const path = "/api/conversations/import";
let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

const post = (at: string, type: string, ...headers: readonly (readonly [string, string])[]): string =>
  requestText("POST", at, [["Host", `127.0.0.1:${server.port}`], ["Content-Type", type], ...headers]);

test("[J9] an import has at most 64 MiB, with or without Content-Length, and 16 MiB per line", async () => {
  const sized = post(path, "application/x-ndjson", ["Content-Length", String(65 * 1024 * 1024)]);
  assert.equal((await rawRequest(server.port, `${sized}{`)).status, 413);
  const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
  const line = post(path, "application/x-ndjson", ["Transfer-Encoding", "chunked"]);
  const first = `19\r\n{"deckhand_export": 1}  \n\r\n`;
  assert.equal((await rawRequest(server.port, line + first + chunk.repeat(16) + "2\r\nxx\r\n")).status, 413);
  assert.deepEqual(await server.conversations.list({ limit: 10 }), []);
});

test("[D4][J9] only the import accepts JSON lines", async () => {
  const length = ["Content-Length", "2"] as const;
  for (const [at, type, status] of [
    [path, "application/x-ndjson", 400],
    [path, "application/x-ndjson; charset=utf-8", 400],
    [path, "application/json", 400],
    [path, "text/plain", 415],
    [path, "application/x-ndjson2", 415],
    [path, "text/plain; application/x-ndjson", 415],
    ["/api/conversations", "application/x-ndjson", 415],
    [`${path}/`, "application/x-ndjson", 415],
    [`/api/conversations/x/../import/fork`, "application/x-ndjson", 415],
  ] as const) {
    assert.equal((await rawRequest(server.port, `${post(at, type, length)}{}`)).status, status, `${at} ${type}`);
  }
});
