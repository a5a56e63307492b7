import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createNetServer } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import fc from "fast-check";
import { get, httpServer, listening, proxyFor, rest, tunnel } from "./proxy.test-kit.ts";
import { limitLookups } from "./reach.ts";
import { serverNameGate } from "./server-name.ts";
import { upstreamOf } from "./upstream.ts";

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !condition();) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("[I1] only listed hosts are reached, by tunnel and by request; an empty list allows nothing", async () => {
  let hits = 0;
  await using outside = await httpServer((_request, response) => void (hits++, response.end("outside")));
  await using proxy = await proxyFor([`listed.test:${outside.port}`]);
  await using empty = await proxyFor([]);
  assert.equal((await get(proxy.port, `http://listed.test:${outside.port}/`)).body, "outside");
  const opened = await tunnel(proxy.port, `listed.test:${outside.port}`);
  assert.equal(opened.status, 200);
  opened.socket.destroy();
  for (const [port, host] of [
    [proxy.port, "other.test"],
    [proxy.port, "127.0.0.1"],
    [proxy.port, "localhost"],
    [empty.port, "listed.test"],
  ] as const) {
    const refused = await get(port, `http://${host}:${outside.port}/`);
    assert.deepEqual(
      [refused.status, refused.body],
      [403, `${host}:${outside.port} is not on the list of allowed hosts\n`],
    );
    assert.equal((await tunnel(port, `${host}:${outside.port}`)).status, 403);
  }
  assert.equal(hits, 1);
});

test("[I2] every spelling of a private address is refused, in requests and tunnels", async () => {
  let hits = 0;
  await using outside = await httpServer((_request, response) => void (hits++, response.end()));
  await using proxy = await proxyFor([], { mode: "on" });
  for (const host of [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "2130706433",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "127.0.0.1.",
    "0",
    "flip.test",
  ]) {
    const { status, body } = await tunnel(proxy.port, `${host}:${outside.port}`);
    assert.equal(status, 403, host);
    assert.match(body, /is an address of this machine or a private network/);
    assert.equal((await get(proxy.port, `http://${host}:${outside.port}/`)).status, 403, host);
  }
  for (const target of [
    "a\0.test:80",
    "evil.example#.listed.test:80",
    "/",
    "http:80",
    "x@listed.test:80",
    `${"a".repeat(300)}:80`,
  ])
    assert.notEqual((await tunnel(proxy.port, target)).status, 200, target);
  for (const url of ["/", "*", "https://listed.test/", "ftp://listed.test/"])
    assert.equal((await get(proxy.port, url)).status, 403, url);
  assert.equal(hits, 0);
});

test("[I3] a name is resolved once, and the connection goes to the checked address", async () => {
  await using outside = await httpServer((_request, response) => void response.end("reached"));
  let lookups = 0;
  // First an address that the rule allows, then one that was never checked.
  const answers = ["127.0.0.1", "203.0.113.1"];
  await using proxy = await proxyFor([`flip.test:${outside.port}`], {
    resolve: () => Promise.resolve([{ address: answers[lookups++] ?? "203.0.113.1", family: 4 }]),
  });
  assert.equal((await get(proxy.port, `http://flip.test:${outside.port}/`)).body, "reached");
  assert.equal(lookups, 1);
  assert.equal(proxy.log.view().connections[0]?.address, "127.0.0.1");
});

test("[I3] a name that resolves to a public address first and a private one later is refused, as is one with both", async () => {
  let hits = 0;
  await using outside = await httpServer((_request, response) => void (hits++, response.end()));
  const rebinds = [["192.0.2.1"], ["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["1.1.1.1", "::1"]];
  for (const addresses of rebinds) {
    await using proxy = await proxyFor([], {
      mode: "on",
      resolve: () => Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))),
    });
    assert.equal((await tunnel(proxy.port, `rebind.test:${outside.port}`)).status, 403, addresses.join());
  }
  assert.equal(hits, 0);
});

test("[I3] a private address is reached only if a rule names its port", async () => {
  await using outside = await httpServer((_request, response) => void response.end("private"));
  await using proxy = await proxyFor(["byname.test", `*.below.test`, `127.0.0.1:${outside.port}`]);
  assert.equal((await get(proxy.port, `http://0x7f.1:${outside.port}/`)).body, "private");
  const { status, body } = await tunnel(proxy.port, "byname.test:443");
  assert.deepEqual([status, body.trim()], [403, "byname.test:443 is an address of this machine or a private network"]);
  assert.deepEqual(proxy.log.takeRefused(), [
    { host: "byname.test", port: 443, reason: "private_address", rule: "byname.test:443" },
  ]);
});

test("[I4] a request is forwarded to the host of its target with method, path, body and headers, without hop-by-hop headers", async () => {
  const seen: unknown[] = [];
  await using outside = await httpServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += String(chunk)));
    request.on("end", () => {
      seen.push([request.method, request.url, request.headers.host, request.headers["x-own"], body]);
      assert.equal(request.headers["proxy-authorization"], undefined);
      assert.equal(request.headers["x-hop"], undefined);
      response.writeHead(201, { "x-back": "yes", "keep-alive": "timeout=5" }).end("made");
    });
  });
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  const response = await get(proxy.port, `http://a.test:${outside.port}/p?q=1`, {
    method: "PUT",
    headers: { host: "other.test", "proxy-authorization": "Basic x", connection: "x-hop", "x-hop": "1", "x-own": "2" },
    body: "body",
  });
  assert.deepEqual([response.status, response.body, response.headers["x-back"]], [201, "made", "yes"]);
  assert.deepEqual(seen, [["PUT", "/p?q=1", `a.test:${outside.port}`, "2", "body"]]);
});

test("[I4] a request that follows a redirect is checked like any other", async () => {
  await using outside = await httpServer(
    (_request, response) => void response.writeHead(302, { location: "http://169.254.169.254/latest" }).end(),
  );
  await using proxy = await proxyFor([`a.test:${outside.port}`], { mode: "on" });
  const { status, headers } = await get(proxy.port, `http://a.test:${outside.port}/`);
  assert.equal(status, 302);
  assert.equal((await get(proxy.port, String(headers.location))).status, 403);
});

test("[I5] a tunnel whose TLS handshake names another server is closed before a byte is sent", async () => {
  let received = 0;
  await using outside = await listening(
    createNetServer((socket) => socket.on("data", (chunk: Buffer) => (received += chunk.length))),
  );
  await using proxy = await proxyFor([`front.test:${outside.port}`]);
  const sendClientHello = async (servername: string): Promise<void> => {
    const { status, socket } = await tunnel(proxy.port, `front.test:${outside.port}`);
    assert.equal(status, 200);
    const tls = connectTls({ socket, servername, rejectUnauthorized: false });
    tls.on("error", () => {});
    await Promise.race([once(socket, "close"), until("the ClientHello arrives", () => received > 0)]);
    tls.destroy();
    socket.destroy();
  };
  await sendClientHello("hidden.test");
  assert.equal(received, 0);
  assert.deepEqual(proxy.log.takeRefused(), [{ host: "hidden.test", port: outside.port, reason: "other_server" }]);
  await sendClientHello("FRONT.test");
  assert.ok(received > 0);
});

test("[I5] a tunnel without TLS passes, whichever side sends first", async () => {
  await using outside = await listening(
    createNetServer({ allowHalfOpen: true }, (socket) => {
      socket.write("SSH-2.0-x\r\n");
      socket.pipe(socket);
    }),
  );
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  const { socket, body } = await tunnel(proxy.port, `a.test:${outside.port}`);
  socket.write("\x16");
  socket.end("and bytes");
  assert.equal(body + (await rest(socket)), "SSH-2.0-x\r\n\x16and bytes");
});

test("[I8] every connection is logged with host, address, bytes and rule, but without its content", async () => {
  await using outside = await httpServer((_request, response) => void response.end("x".repeat(1000)));
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  await get(proxy.port, `http://a.test:${outside.port}/secret-path?secret=1`, { headers: { authorization: "secret" } });
  await get(proxy.port, "http://b.test/secret-path");
  await get(proxy.port, "http://secret:secret@b.test/secret-path");
  await until("the connection has ended", () => proxy.log.view().connections.every(({ open }) => !open));
  const { connections, hosts } = proxy.log.view();
  assert.deepEqual(
    connections.map(({ host, port, address, rule }) => [host, port, address, rule]),
    [["a.test", outside.port, "127.0.0.1", `a.test:${outside.port}`]],
  );
  assert.ok((connections[0]?.downBytes ?? 0) > 1000 && (connections[0]?.upBytes ?? 0) > 50);
  assert.deepEqual(
    hosts.map(({ host, connections: count, refused }) => [host, count, refused]),
    [
      ["b.test", 0, 2],
      ["a.test", 1, 0],
    ],
  );
  assert.doesNotMatch(JSON.stringify([connections, hosts, proxy.log.takeRefused()]), /secret/);
});

test("[I8] the log is limited, and so are the refusals of a command", async () => {
  await using outside = await httpServer((_request, response) => void response.end());
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  for (let i = 0; i < 250; i++) await get(proxy.port, `http://a.test:${outside.port}/`);
  for (let i = 0; i < 250; i++) await get(proxy.port, `http://h${i}.test/`);
  const { connections, hosts } = proxy.log.view();
  assert.equal(connections.length, 200);
  assert.equal(hosts.length, 201);
  assert.equal(
    hosts.reduce((sum, { refused }) => sum + refused, 0),
    250,
  );
  assert.equal(proxy.log.takeRefused().length, 20);
  assert.deepEqual(proxy.log.takeRefused(), []);
});

test("[I9] a large download is streamed: memory stays flat while the client does not read, and nothing is lost", async () => {
  const size = 256 * 1024 * 1024;
  const piece = Buffer.alloc(1024 * 1024, "x");
  let sent = 0;
  await using outside = await httpServer((_request, response) => {
    response.writeHead(200, { "content-length": size });
    const more = (): void => {
      while (sent < size) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  const { socket } = await tunnel(proxy.port, `a.test:${outside.port}`);
  socket.write(`GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`);
  // The client does not read, so the server has to stop sending.
  let before = -1;
  await until("sending stops", () => {
    const stopped = sent === before && sent > 0;
    before = sent;
    return stopped;
  });
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes are in flight`);
  const memory = process.memoryUsage().rss;
  let received = 0;
  let peak = 0;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    peak = Math.max(peak, process.memoryUsage().rss);
  });
  await once(socket, "end");
  socket.destroy();
  assert.ok(received > size, `${received} of ${size}`);
  assert.ok(peak - memory < 150 * 1024 * 1024, `${peak - memory} bytes more`);
});

test("[I9] half-open and idle connections are closed", async () => {
  await using outside = await listening(createNetServer({ allowHalfOpen: true }, (socket) => socket.resume()));
  await using proxy = await proxyFor([`a.test:${outside.port}`], { idleMs: 200 });
  const half = await tunnel(proxy.port, `a.test:${outside.port}`);
  const idle = await tunnel(proxy.port, `a.test:${outside.port}`);
  half.socket.end();
  await Promise.all([half, idle].map(({ socket }) => rest(socket)));
  await until("both have ended outside", () => proxy.log.view().connections.every(({ open }) => !open));
});

test("[I9] connections beyond 256 are refused until others have ended", async () => {
  await using outside = await listening(createNetServer((socket) => socket.resume()));
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  const opened = await Promise.all(Array.from({ length: 256 }, () => tunnel(proxy.port, `a.test:${outside.port}`)));
  assert.ok(opened.every(({ status }) => status === 200));
  assert.notEqual((await tunnel(proxy.port, `a.test:${outside.port}`)).status, 200);
  for (const { socket } of opened) socket.destroy();
  await until("all have ended", () => proxy.log.view().connections.every(({ open }) => !open));
  const again = await tunnel(proxy.port, `a.test:${outside.port}`);
  assert.equal(again.status, 200);
  again.socket.destroy();
});

test("[I9] a response that cannot be forwarded fails only its own request", async () => {
  const heads = [
    "HTTP/1.1 099 x\r\n\r\n",
    "HTTP/1.1 200 \x01\x7f\r\nx\x01: y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\x01b\r\n\r\n",
    "nonsense",
  ];
  await using outside = await listening(
    createNetServer((socket) =>
      socket.once("data", () =>
        socket.end(heads.shift() ?? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", "latin1"),
      ),
    ),
  );
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  for (let count = heads.length; count > 0; count--)
    await get(proxy.port, `http://a.test:${outside.port}/`).catch(() => {});
  assert.equal((await get(proxy.port, `http://a.test:${outside.port}/`)).body, "fine");
});

test("[I9] a conversation resolves only a few names at once, and the others wait their turn", async () => {
  let busy = 0;
  let peak = 0;
  const resolve = limitLookups(async () => {
    peak = Math.max(peak, ++busy);
    await new Promise((done) => setImmediate(done));
    busy -= 1;
    if (peak === 2) throw new Error("unknown");
    return [];
  }, 4);
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => resolve("x")));
  assert.deepEqual([all.length, peak, busy], [50, 4, 0]);
});

test("[I5] whatever a tunnel starts with, no byte is lost or held back forever", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
      fc.boolean(),
      async (parts, likeTls) => {
        const gate = serverNameGate({ required: false, allows: () => true });
        let isCut = false;
        gate.on("error", () => (isCut = true));
        const chunks = [
          ...(likeTls ? [Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])] : []),
          ...parts.map((part) => Buffer.from(part)),
        ];
        const out: Buffer[] = [];
        gate.on("data", (chunk: Buffer) => out.push(chunk));
        for (const chunk of chunks) gate.write(chunk);
        gate.end();
        await new Promise((resolve) => gate.once("close", resolve));
        // What begins as TLS and is no ClientHello is cut as a whole.
        assert.equal(isCut, likeTls);
        assert.deepEqual(Buffer.concat(out), likeTls ? Buffer.alloc(0) : Buffer.concat(chunks));
      },
    ),
  );
});

test("[I9] disposing the proxy ends all its connections", async () => {
  await using outside = await listening(createNetServer((socket) => socket.resume()));
  await using proxy = await proxyFor([`a.test:${outside.port}`]);
  const { socket } = await tunnel(proxy.port, `a.test:${outside.port}`);
  proxy.end();
  await rest(socket);
  socket.destroy();
  await assert.rejects(tunnel(proxy.port, `a.test:${outside.port}`), { code: "ECONNREFUSED" });
});

test("[I12] with an upstream proxy our rules apply first; it gets the name, and its password goes nowhere else", async () => {
  const requests: string[] = [];
  await using outside = await httpServer((_request, response) => void response.end("far away"));
  await using upstream = await listening(
    createNetServer((socket) => {
      socket.once("data", (head: Buffer) => {
        requests.push(String(head).split("\r\n")[0] ?? "");
        assert.match(String(head), /proxy-authorization: Basic dTpw/i);
        socket.end(
          String(head).startsWith("CONNECT")
            ? "HTTP/1.1 200 OK\r\nX: y\r\n\r\nfirst words"
            : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain",
        );
      });
    }),
  );
  await using proxy = await proxyFor(["far.example", "10.0.0.1", `near.test:${outside.port}`], {
    upstream: upstreamOf({ HTTPS_PROXY: `http://u:p@127.0.0.1:${upstream.port}` }),
  });
  const { status, socket, body } = await tunnel(proxy.port, "FAR.example:443");
  assert.deepEqual([status, body + (await rest(socket))], [200, "first words"]);
  assert.equal((await get(proxy.port, "http://far.example/x")).body, "plain");
  assert.equal((await tunnel(proxy.port, "other.example:443")).status, 403);
  assert.equal((await tunnel(proxy.port, "10.0.0.1:443")).status, 403);
  assert.equal((await get(proxy.port, `http://near.test:${outside.port}/`)).body, "far away");
  assert.deepEqual(requests, ["CONNECT far.example:443 HTTP/1.1", "GET http://far.example:80/x HTTP/1.1"]);
  assert.throws(
    () => upstreamOf({ https_proxy: "socks5://secret@host:1" }),
    /^Error: https_proxy: only a proxy of the form http/,
  );
});
