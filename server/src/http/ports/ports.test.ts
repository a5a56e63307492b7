import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { after, test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { WebSocket, WebSocketServer } from "ws";
import type { Network } from "../../runtime/runtime.ts";
import { startTestServer, testToken } from "../server.test-kit.ts";
import { parsePortHost, portHost } from "./port-host.ts";

/** The agent's program, on a real port of this machine. */
let answer: RequestListener = (_request, response) => void response.end("inside");
let seen: IncomingHttpHeaders = {};
let seenUrl = "";
const program = createServer((asked, response) => {
  seen = asked.headers;
  seenUrl = asked.url ?? "";
  answer(asked, response);
});
const sockets = new WebSocketServer({ server: program });
sockets.on("connection", (socket, asked) => {
  seen = asked.headers;
  socket.on("message", (data: Buffer) => socket.send(`echo ${String(data)}`));
});
program.listen(0, "127.0.0.1");
await once(program, "listening");
const inside = (program.address() as AddressInfo).port;

const network: Network = {
  record: () => ({ mode: "allow", connections: [], hosts: [] }),
  takeRefused: () => [],
  ports: () => [{ port: 8000, loopback: true }],
  connect: async (port) => {
    if (port !== 8000) throw new DeckhandError("port_closed");
    const socket = connect(inside, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  },
};
const server = await startTestServer({
  hosts: ["deck.example.org"],
  runtimes: {
    status: async () => ({ kind: "bubblewrap", proven: true, sentence: "", checks: [], untried: [], triedAt: "" }),
    create: async () => Promise.reject(new DeckhandError("sandbox_unavailable")),
    runIsolated: async () => Promise.reject(new DeckhandError("sandbox_unavailable")),
    network: () => network,
  },
});
await fetch(`${server.url}/api/conversations`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ id: "c1" }),
});
after(async () => {
  program.closeAllConnections();
  program.close();
  await server[Symbol.asyncDispose]();
});

const own = `8000--c1.localhost:${server.port}`;
const byPath = `/c/c1/port/8000`;

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(path: string, headers: Record<string, string>, method = "GET", body = ""): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const asked = request({ port: server.port, host: "127.0.0.1", path, method, headers, agent: false });
  asked.on("error", reject);
  asked.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => (text += part));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
  });
  asked.end(body);
  return promise;
}

test("[I14] a port is opened under a host of its own and under a path, for requests with bodies and answers as they are", async () => {
  answer = (asked, response) => {
    let body = "";
    asked.on("data", (part: Buffer) => (body += String(part)));
    asked.on("end", () => response.writeHead(207, { "x-own": "1" }).end(`${asked.method} ${asked.url} ${body}`));
  };
  const first = await get("/a?b=c", { Host: own, "Content-Type": "text/plain" }, "PUT", "body");
  assert.deepEqual([first.status, first.headers["x-own"], first.body], [207, "1", "PUT /a?b=c body"]);
  assert.equal(seen.host, "localhost:8000");
  const second = await get(`${byPath}/a?b=c`, { Host: `127.0.0.1:${server.port}` });
  assert.deepEqual([second.status, second.body], [207, "GET /a?b=c "]);
  assert.equal((await get("/", { Host: own.replace("8000", "8001") })).status, 502);
  assert.equal((await get("/", { Host: own.replace("c1", "nobodys") })).status, 404);
  assert.equal((await get("/api/health", { Host: own })).body, "GET /api/health ");
});

test("[I14] an answer is streamed as it comes", async () => {
  let more = (_text: string): void => {};
  answer = (_asked, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    more = (text) => void response.write(text);
    more("one");
  };
  const asked = request({ port: server.port, host: "127.0.0.1", path: "/", headers: { Host: own }, agent: false });
  asked.end();
  const [response] = await once(asked, "response");
  assert.equal(String((await once(response, "data"))[0]), "one");
  more("two");
  assert.equal(String((await once(response, "data"))[0]), "two");
  asked.destroy();
});

test("[I14] WebSockets go through, by host and by path", async () => {
  for (const [path, host] of [
    ["/ws", own],
    [`${byPath}/ws`, `127.0.0.1:${server.port}`],
  ] as const) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, {
      headers: { Host: host },
      origin: `http://${host}`,
    });
    await once(socket, "open");
    socket.send("hello");
    assert.equal(String((await once(socket, "message"))[0]), "echo hello");
    assert.equal(seen.origin, "http://localhost:8000");
    socket.close();
    await once(socket, "close");
  }
});

test("[I15] an answer that cannot be passed on ends its own request and nothing else", async () => {
  for (const head of [
    "HTTP/1.1 099 x\r\n\r\n",
    "HTTP/1.1 200 \x01\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\x01b\r\n\r\n",
    "nonsense\r\n\r\n",
  ]) {
    answer = (asked) => void asked.socket.end(head, "latin1");
    await get("/", { Host: own }).catch(() => {});
    await get(`${byPath}/`, { Host: `127.0.0.1:${server.port}` }).catch(() => {});
  }
  answer = (_asked, response) => void response.end("fine");
  assert.equal((await get("/", { Host: own })).body, "fine");
});

test("[I15] the program gets no token, ticket or cookie of ours, and its own", async () => {
  answer = (_asked, response) => void response.end();
  const cookie = `a=1; deckhand_token=${testToken}; deckhand_port=x; b=2`;
  await get(`${byPath}/?x=1&token=secret&ticket=secret`, {
    Host: `127.0.0.1:${server.port}`,
    Authorization: `Bearer ${testToken}`,
    Cookie: cookie,
    Referer: "http://127.0.0.1/secret",
  });
  assert.deepEqual([seenUrl, seen.cookie], ["/?x=1", "a=1; b=2"]);
  assert.doesNotMatch(JSON.stringify(seen), new RegExp(`${testToken}|secret`));
  await get("/", { Host: own, Authorization: "Bearer of-its-own", Cookie: `deckhand_token=${testToken}` });
  assert.deepEqual([seen.authorization, seen.cookie], ["Bearer of-its-own", undefined]);
});

test("[I15] on our own origin its answer is sandboxed, and sets, clears and redirects nothing of ours", async () => {
  answer = (_asked, response) =>
    void response
      .writeHead(302, {
        location: "http://localhost:8000/next",
        "set-cookie": "deckhand_token=evil",
        "clear-site-data": '"*"',
        "content-security-policy": "default-src *",
        "service-worker-allowed": "/",
        "alt-svc": 'h2="evil:1"',
        "access-control-allow-origin": "*",
        refresh: "0;url=/",
        link: "</x>; rel=preload",
      })
      .end("<script>1</script>");
  const { headers } = await get(`${byPath}/`, { Host: `127.0.0.1:${server.port}` });
  assert.equal(headers["content-security-policy"], "sandbox allow-scripts allow-forms; frame-ancestors 'none'");
  assert.equal(headers.location, `${byPath}/next`);
  assert.equal(headers["x-content-type-options"], "nosniff");
  for (const name of [
    "set-cookie",
    "clear-site-data",
    "service-worker-allowed",
    "alt-svc",
    "access-control-allow-origin",
    "refresh",
    "link",
  ])
    assert.equal(headers[name], undefined, name);
  const worker = await get(`${byPath}/sw.js`, { Host: `127.0.0.1:${server.port}`, "Service-Worker": "script" });
  assert.equal(worker.status, 403);
  const host = await get("/", { Host: own });
  assert.equal(host.headers.location, "/next");
  assert.equal(host.headers["clear-site-data"], undefined);
});

test("[I15] under its own host it sets cookies for that host alone, and none of our names", async () => {
  answer = (_asked, response) =>
    void response
      .setHeader("set-cookie", ["a=1; Domain=localhost; Path=/", "deckhand_port=evil", "deckhand_token=evil"])
      .end();
  assert.deepEqual((await get("/", { Host: own })).headers["set-cookie"], ["a=1; Path=/"]);
});

test("[I16] whoever is no process of the server's user needs the link, which is good once, for one port, and becomes a cookie", async () => {
  answer = (_asked, response) => void response.end("in");
  const far = { Host: own, "X-Forwarded-For": "192.0.2.1" };
  assert.equal((await get("/", far)).status, 401);
  assert.equal((await get("/", { ...far, Authorization: "Bearer wrong" })).status, 401);
  assert.equal((await get("/", { ...far, Cookie: `deckhand_token=${testToken}; deckhand_port=wrong` })).status, 401);
  assert.equal((await get("/", { ...far, Authorization: `Bearer ${testToken}` })).body, "in");

  const link = async (): Promise<URL> => {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${testToken}` };
    const made = await fetch(`${server.url}/api/conversations/c1/ports/8000`, { method: "POST", headers });
    return new URL(((await made.json()) as { url: string }).url);
  };
  const { host, pathname, search } = await link();
  assert.equal(host, own);
  const other = own.replace("8000", "8001");
  assert.equal((await get(`${pathname}${search}`, { ...far, Host: other })).status, 401, "for another port");
  const followed = await link();
  const redirect = await get(`/deep?x=1&${followed.search.slice(1)}`, {
    ...far,
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
  });
  assert.deepEqual([redirect.status, redirect.headers.location], [302, "/deep?x=1"]);
  const [cookie = ""] = redirect.headers["set-cookie"] ?? [];
  assert.match(cookie, /; HttpOnly; SameSite=Lax; Path=\/$/);
  const kept = cookie.split(";")[0] ?? "";
  assert.equal((await get("/", { ...far, Cookie: kept })).body, "in");
  assert.equal((await get("/", { ...far, Host: other, Cookie: kept })).status, 401);
  assert.equal((await get(`/${followed.search}`, far)).status, 401, "a second time");
});

test("[I16] pages of other origins, other ports among them, get in by no way, and what is on a port does not get to us", async () => {
  answer = (_asked, response) => void response.end("in");
  for (const headers of [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: `http://127.0.0.1:${server.port}` },
    { Origin: `http://${own.replace("8000", "8001")}` },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script" },
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" },
  ] as Record<string, string>[])
    assert.equal((await get("/", { Host: own, ...headers })).status, 403, JSON.stringify(headers));
  assert.equal(
    (await get("/", { Host: own, Origin: `http://${own}`, "Sec-Fetch-Site": "same-origin" }, "POST")).body,
    "in",
  );
  for (const headers of [{ Origin: `http://${own}` }, { "Sec-Fetch-Site": "same-site" }] as Record<string, string>[])
    assert.equal((await get("/api/health", { Host: `localhost:${server.port}`, ...headers })).status, 403);
  const visit = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
  assert.equal((await get(`${byPath}/`, { Host: `127.0.0.1:${server.port}`, ...visit })).status, 403);
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`, {
    headers: { Host: own },
    origin: "https://evil.example",
  });
  const [error] = await once(socket, "error");
  assert.match(String(error), /403/);
});

test("[I16] a port's host is below one of ours, and nothing else is taken for one", async () => {
  assert.equal(portHost({ conversation: "c1", port: 80 }, "127.0.0.1:3000"), "80--c1.localhost:3000");
  assert.equal(portHost({ conversation: "c1", port: 80 }, "deck.example.org"), "80--c1.deck.example.org");
  for (const [conversation, host] of [
    ["C1", "localhost"],
    ["c_1", "localhost"],
    ["c".repeat(70), "localhost"],
    ["c1", "192.0.2.1:3000"],
    ["c1", "[2001:db8::1]:3000"],
  ] as const)
    assert.equal(portHost({ conversation, port: 80 }, host), undefined);
  assert.deepEqual(parsePortHost("80--a--b.localhost:1"), { port: 80, conversation: "a--b", base: "localhost:1" });
  for (const host of [
    "80--.localhost",
    "0--a.localhost",
    "65536--a.localhost",
    "80-a.localhost",
    "x80--a.localhost",
    "80--a",
  ])
    assert.equal(parsePortHost(host), undefined, host);
  for (const host of [
    `8000--c1.evil.example`,
    `8000--c1.127.0.0.1:${server.port}`,
    `8000--c1.localhost`,
    `8000--c1.localhost:1`,
  ])
    assert.notEqual((await get("/", { Host: host })).body, "in", host);
  assert.equal((await get("/", { Host: "8000--c1.deck.example.org" })).status, 401);
});
