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

/** Stands in for the agent's program, on a real port of this machine. */
let answer: RequestListener = (_request, response) => void response.end("inside");
let seen: IncomingHttpHeaders = {};
let seenUrl = "";
const program = createServer((incoming, response) => {
  seen = incoming.headers;
  seenUrl = incoming.url ?? "";
  answer(incoming, response);
});
const sockets = new WebSocketServer({ server: program });
sockets.on("connection", (socket, incoming) => {
  seen = incoming.headers;
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

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(path: string, headers: Record<string, string>, method = "GET", body = ""): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const outgoing = request({ port: server.port, host: "127.0.0.1", path, method, headers, agent: false });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => (text += part));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
  });
  outgoing.end(body);
  return promise;
}

test("[I14] a port is reachable on its own host and by path; bodies and responses pass unchanged", async () => {
  answer = (incoming, response) => {
    let body = "";
    incoming.on("data", (part: Buffer) => (body += String(part)));
    incoming.on("end", () =>
      response.writeHead(207, { "x-own": "1" }).end(`${incoming.method} ${incoming.url} ${body}`),
    );
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

test("[I14] a response is streamed as it arrives", async () => {
  let more = (_text: string): void => {};
  answer = (_incoming, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    more = (text) => void response.write(text);
    more("one");
  };
  const outgoing = request({ port: server.port, host: "127.0.0.1", path: "/", headers: { Host: own }, agent: false });
  outgoing.end();
  const [response] = await once(outgoing, "response");
  assert.equal(String((await once(response, "data"))[0]), "one");
  more("two");
  assert.equal(String((await once(response, "data"))[0]), "two");
  outgoing.destroy();
});

test("[I14] WebSockets are forwarded, by host and by path", async () => {
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

test("[I15] a response that cannot be forwarded ends its own request only", async () => {
  for (const head of [
    "HTTP/1.1 099 x\r\n\r\n",
    "HTTP/1.1 200 \x01\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\x01b\r\n\r\n",
    "nonsense\r\n\r\n",
  ]) {
    answer = (incoming) => void incoming.socket.end(head, "latin1");
    await get("/", { Host: own }).catch(() => {});
    await get(`${byPath}/`, { Host: `127.0.0.1:${server.port}` }).catch(() => {});
  }
  answer = (_incoming, response) => void response.end("fine");
  assert.equal((await get("/", { Host: own })).body, "fine");
});

test("[I15] the program gets its own cookies and headers, but none of our tokens, tickets or cookies", async () => {
  answer = (_incoming, response) => void response.end();
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

test("[I15] on our own origin its response is sandboxed and cannot set, clear or redirect anything of ours", async () => {
  answer = (_incoming, response) =>
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

test("[I15] on its own host it can set cookies for that host only, and none with our names", async () => {
  answer = (_incoming, response) =>
    void response
      .setHeader("set-cookie", ["a=1; Domain=localhost; Path=/", "deckhand_port=evil", "deckhand_token=evil"])
      .end();
  assert.deepEqual((await get("/", { Host: own })).headers["set-cookie"], ["a=1; Path=/"]);
});

test("[I16] other clients than the server's user need a link, which is valid once, for one port, and becomes a cookie", async () => {
  answer = (_incoming, response) => void response.end("in");
  const remote = { Host: own, "X-Forwarded-For": "192.0.2.1" };
  assert.equal((await get("/", remote)).status, 401);
  assert.equal((await get("/", { ...remote, Authorization: "Bearer wrong" })).status, 401);
  assert.equal((await get("/", { ...remote, Cookie: `deckhand_token=${testToken}; deckhand_port=wrong` })).status, 401);
  assert.equal((await get("/", { ...remote, Authorization: `Bearer ${testToken}` })).body, "in");

  const link = async (): Promise<URL> => {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${testToken}` };
    const made = await fetch(`${server.url}/api/conversations/c1/ports/8000`, { method: "POST", headers });
    return new URL(((await made.json()) as { url: string }).url);
  };
  const { host, pathname, search } = await link();
  assert.equal(host, own);
  const other = own.replace("8000", "8001");
  assert.equal((await get(`${pathname}${search}`, { ...remote, Host: other })).status, 401, "for another port");
  const followed = await link();
  const redirect = await get(`/deep?x=1&${followed.search.slice(1)}`, {
    ...remote,
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
  });
  assert.deepEqual([redirect.status, redirect.headers.location], [302, "/deep?x=1"]);
  const [cookie = ""] = redirect.headers["set-cookie"] ?? [];
  assert.match(cookie, /; HttpOnly; SameSite=Lax; Path=\/$/);
  const value = cookie.split(";")[0] ?? "";
  assert.equal((await get("/", { ...remote, Cookie: value })).body, "in");
  assert.equal((await get("/", { ...remote, Host: other, Cookie: value })).status, 401);
  assert.equal((await get(`/${followed.search}`, remote)).status, 401, "a second time");
});

test("[I16] pages of other origins, including other ports, cannot reach a port, and a port's pages cannot reach us", async () => {
  answer = (_incoming, response) => void response.end("in");
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

test("[I16] a port's host is below one of our hosts, and no other host is accepted", async () => {
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
