import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { DeckhandError, observation, type ErrorCode, type Observation } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import { browseTool } from "./browse.ts";
import { fetchPage } from "./fetch-page.ts";

const page = `<!doctype html><html><head><title>A page</title><style>p { color: red }</style></head><body>
<nav><a href="/">Home</a></nav><article><h1>Head</h1><p>${"The text of the article goes on and on. ".repeat(20)}</p></article>
<script>document.title = "no"</script></body></html>`;

let hits = 0;
const server = createServer((request, response) => {
  hits += 1;
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
  if (pathname === "/to") return response.writeHead(302, { location: searchParams.get("url") ?? "" }).end();
  if (pathname === "/big") return response.writeHead(200, { "content-type": "text/plain" }).end("x".repeat(6_000_000));
  if (pathname === "/image") return response.writeHead(200, { "content-type": "image/png" }).end("x");
  if (pathname === "/latin")
    return response.writeHead(200, { "content-type": "text/plain; charset=iso-8859-1" }).end(Buffer.from([0xe9]));
  if (pathname === "/missing") return response.writeHead(404, { "content-type": "text/html" }).end("<p>gone</p>");
  if (pathname === "/never") return undefined;
  return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const base = `http://127.0.0.1:${port}`;
const allow = [`127.0.0.1:${port}`];
const signal = new AbortController().signal;
after(() => {
  server.closeAllConnections();
  server.close();
});

function hasCode(expected: ErrorCode) {
  return (error: unknown): boolean => error instanceof DeckhandError && error.code === expected;
}

test("[B1] browse returns a page's HTML, title and readable text", async () => {
  const running = browseTool(allow).run({ url: `${base}/`, thought: "" }, { runtime: {} as Runtime, id: 1, signal });
  const { value, done } = await running.next();
  assert.ok(done === true && value.observation === "browse");
  assert.equal(value.content, page);
  assert.equal(value.extras.title, "A page");
  assert.match(value.extras.text, /^## Head\n\nThe text of the article/);
  assert.doesNotMatch(value.extras.text, /color: red|document\.title/);
  const event = { id: 1, timestamp: "", ...observation("agent", "browse", value.content, value.extras) } as Observation;
  assert.match(browseTool(allow).formatForModel!(event), new RegExp(`^${base}/ \\(200\\)\nA page\n\n## Head`));
});

test("[B2] private addresses are refused before a connection is made, however they are written", async () => {
  const before = hits;
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `2130706433:${port}`,
    `0x7f.1:${port}`,
    `[::1]:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `0.0.0.0:${port}`,
    "169.254.169.254",
    "100.100.100.200",
    "10.1.2.3",
    "192.168.1.1",
    "[fe80::1]",
    "[fd00::1]",
  ]) {
    await assert.rejects(fetchPage(`http://${host}/`, { allow: [] }, signal), hasCode("fetch_refused"), host);
  }
  assert.equal(hits, before);
});

test("[B3] a redirect is checked like the first address", async () => {
  const to = (url: string): string => `${base}/to?url=${encodeURIComponent(url)}`;
  for (const target of [
    `http://127.0.0.2:${port}/`,
    "http://169.254.169.254/",
    "file:///etc/passwd",
    `http://localhost:${port}/`,
  ]) {
    await assert.rejects(fetchPage(to(target), { allow }, signal), hasCode("fetch_refused"), target);
  }
  assert.equal((await fetchPage(to("/"), { allow }, signal)).url, `${base}/`);
  await assert.rejects(fetchPage(to(to(to(to(to(to(to("/"))))))), { allow }, signal), hasCode("fetch_failed"));
});

test("[B4] only http(s) URLs without a password are fetched, only text, and at most 5 MiB of it", async () => {
  for (const url of [
    "ftp://127.0.0.1/",
    "javascript:1",
    "not an address",
    `http://user:pass@127.0.0.1:${port}/`,
    `${base}/image`,
  ]) {
    await assert.rejects(fetchPage(url, { allow }, signal), hasCode("fetch_refused"), url);
  }
  assert.equal((await fetchPage(`${base}/big`, { allow }, signal)).body.length, 5 * 1024 * 1024);
  assert.equal((await fetchPage(`${base}/latin`, { allow }, signal)).body, "é");
  assert.equal((await fetchPage(`${base}/missing`, { allow }, signal)).status, 404);
});

test("[B5] stopping the action aborts a fetch from a server that never answers", async () => {
  const stop = new AbortController();
  const fetching = fetchPage(`${base}/never`, { allow }, stop.signal);
  await once(server, "request");
  stop.abort();
  await assert.rejects(fetching, hasCode("fetch_failed"));
});
