import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { UploadStore } from "../../files/uploads.ts";
import { createRoutes } from "../routes.ts";
import {
  rawRequest,
  requestText,
  startTestServer,
  testToken,
  upgradeHeaders,
  type TestServer,
} from "../server.test-kit.ts";
import { createTickets } from "./tickets.ts";

type Headers = readonly (readonly [string, string])[];

let server: TestServer;
let own: string;
before(async () => {
  server = await startTestServer();
  own = `127.0.0.1:${server.port}`;
});
after(() => server[Symbol.asyncDispose]());

const get = (headers: Headers, path = "/api/health"): Promise<number> =>
  rawRequest(server.port, requestText("GET", path, headers)).then((answer) => answer.status);

describe("Host", () => {
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
    test(`[D1] the host ${name} with our port is accepted`, async () => {
      assert.equal(await get([["Host", `${name}:${server.port}`]]), 200);
    });
  }

  const foreign: readonly (readonly [string, (port: number) => Headers])[] = [
    ["a foreign name that resolves to this server", (port) => [["Host", `rebound.example:${port}`]]],
    ["another port", () => [["Host", "127.0.0.1:1"]]],
    ["no port", () => [["Host", "127.0.0.1"]]],
    ["a trailing dot", (port) => [["Host", `localhost.:${port}`]]],
    ["upper case", (port) => [["Host", `LOCALHOST:${port}`]]],
    ["userinfo", (port) => [["Host", `me@localhost:${port}`]]],
    ["our name as a prefix", (port) => [["Host", `localhost.evil.example:${port}`]]],
    ["another spelling of the address", (port) => [["Host", `2130706433:${port}`]]],
    ["an empty name", () => [["Host", ""]]],
    [
      "two hosts, the first ours",
      (port) => [
        ["Host", `127.0.0.1:${port}`],
        ["Host", "evil.example"],
      ],
    ],
    [
      "two hosts, both ours",
      (port) => [
        ["Host", `127.0.0.1:${port}`],
        ["Host", `127.0.0.1:${port}`],
      ],
    ],
  ];
  for (const [what, headers] of foreign) {
    test(`[D1] a request with ${what} in Host is refused`, async () => {
      const answer = await rawRequest(server.port, requestText("GET", "/api/health", headers(server.port)));
      assert.equal(answer.status, 403);
      assert.equal(JSON.parse(answer.body).error.code, "forbidden");
    });
  }

  test("[D1] a request without a host is refused", async () => {
    assert.equal(await get([]), 400);
    assert.equal((await rawRequest(server.port, "GET /api/health HTTP/1.0\r\n\r\n")).status, 403);
  });

  test("[D1] a target that names another server is refused", async () => {
    assert.equal(await get([["Host", own]], "http://evil.example/api/health"), 400);
    assert.equal(await get([["Host", own]], "//evil.example/api/health"), 400);
  });
});

describe("Origin", () => {
  test("[D2] the UI's own origin is accepted", async () => {
    assert.equal(
      await get([
        ["Host", own],
        ["Origin", `http://${own}`],
      ]),
      200,
    );
    assert.equal(
      await get([
        ["Host", own],
        ["Origin", `http://localhost:${server.port}`],
      ]),
      200,
    );
  });

  const foreign: readonly (readonly [string, (port: number) => string])[] = [
    ["another site", () => "https://evil.example"],
    ["null", () => "null"],
    ["our name as a prefix", (port) => `http://localhost.evil.example:${port}`],
    ["our name as a suffix", (port) => `http://evil-localhost:${port}`],
    ["another port", () => "http://127.0.0.1:1"],
    ["no port", () => "http://localhost"],
    ["another scheme", (port) => `https://127.0.0.1:${port}`],
    ["a file's", () => "file://"],
    ["an extension's", () => "chrome-extension://abcdefghijklmnop"],
    ["userinfo", (port) => `http://evil.example@127.0.0.1:${port}`],
    ["an empty one", () => ""],
  ];
  for (const [what, origin] of foreign) {
    test(`[D2] the origin ${what} is refused on a GET, a POST and an upgrade`, async () => {
      const headers: Headers = [
        ["Host", own],
        ["Origin", origin(server.port)],
      ];
      assert.equal(await get(headers), 403);
      const post = requestText("POST", "/api/ticket", headers);
      assert.equal((await rawRequest(server.port, post)).status, 403);
      const upgrade = await rawRequest(server.port, requestText("GET", "/ws", [...headers, ...upgradeHeaders]));
      assert.equal(upgrade.status, 403);
      assert.equal(JSON.parse(upgrade.body).error.code, "forbidden");
    });
  }
});

describe("other sites", () => {
  test("[D3] requests that a browser marks cross-site or same-site are refused, except a visit to the UI", async () => {
    for (const site of ["cross-site", "same-site"]) {
      const headers: Headers = [
        ["Host", own],
        ["Sec-Fetch-Site", site],
      ];
      const visit: Headers = [...headers, ["Sec-Fetch-Mode", "navigate"], ["Sec-Fetch-Dest", "document"]];
      assert.equal(await get(headers), 403);
      assert.equal(await get([...headers, ["Sec-Fetch-Mode", "no-cors"], ["Sec-Fetch-Dest", "image"]], "/"), 403);
      assert.equal(await get([...headers, ["Sec-Fetch-Mode", "navigate"], ["Sec-Fetch-Dest", "iframe"]], "/"), 403);
      assert.equal(await get(visit), 403, "an API path is not a page");
      for (const path of [
        "/%61pi/health",
        "/%61%70%69/settings",
        "/api%2Fhealth",
        "/ap%69/conversations",
        "/%77s",
        "/api/%",
      ])
        assert.equal(await get(visit, path), 403, path);
      assert.equal(await get(visit, "/"), 503, "the UI, which is not built here");
      assert.equal(await get([...visit, ["Origin", "https://evil.example"]], "/"), 403);
    }
    assert.equal(
      await get([
        ["Host", own],
        ["Sec-Fetch-Site", "same-origin"],
      ]),
      200,
    );
  });

  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
  ]) {
    test(`[D4] a body of type ${type} is refused`, async () => {
      const headers: Headers = [
        ["Host", own],
        ["Content-Type", type],
      ];
      const answer = await rawRequest(server.port, requestText("POST", "/api/conversations", headers, "{}"));
      assert.equal(answer.status, 415);
      assert.deepEqual(await server.conversations.list({ limit: 10 }), []);
    });
  }

  test("[D4] a body without a type is refused", async () => {
    const answer = await rawRequest(server.port, requestText("POST", "/api/conversations", [["Host", own]], "{}"));
    assert.equal(answer.status, 415);
    const chunked: Headers = [
      ["Host", own],
      ["Transfer-Encoding", "chunked"],
    ];
    const unsized = requestText("POST", "/api/conversations", chunked) + "2\r\n{}\r\n0\r\n\r\n";
    assert.equal((await rawRequest(server.port, unsized)).status, 415);
  });

  test("[D4] upload routes accept forms, archives and raw bytes, but not from other sites", async () => {
    const form = '--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\na\r\n--x--\r\n';
    const send = async (path: string, type: string, ...more: Headers): Promise<number> => {
      const headers: Headers = [["Host", own], ["Content-Type", type], ...more];
      return (await rawRequest(server.port, requestText("POST", path, headers, form))).status;
    };
    const asForm = "multipart/form-data; boundary=x";
    assert.equal(await send("/api/uploads", asForm), 201);
    assert.equal(await send("/api/uploads", asForm, ["Origin", `http://${own}`]), 201);
    assert.equal(await send("/api/uploads", asForm, ["Origin", "https://evil.example"]), 403);
    assert.equal(await send("/api/uploads", asForm, ["Origin", "null"]), 403);
    assert.equal(await send("/api/uploads", asForm, ["Sec-Fetch-Site", "cross-site"]), 403);
    assert.equal(await send("/api/uploads", "text/plain"), 415);
    assert.equal(await send("/api/uploads", "application/x-www-form-urlencoded"), 415);
    for (const path of [
      "/api/conversations/import",
      "/api/conversations/x/events",
      "/api/save-file",
      "/api/uploads/x",
    ]) {
      assert.equal(await send(path, asForm), 415, path);
    }
  });
});

test("[D5] every route and every upgrade is behind access control", async () => {
  const { routes } = createRoutes({
    conversations: server.conversations,
    uploads: {} as UploadStore,
    fileLimits: { maxFiles: 1, maxBytes: 1 },
    jwtSecret: "a-secret-for-tests-0123456789",
    rules: server.rules,
    costs: server.costs,
    defaultModel: async () => "",
    health: async () => ({}),
    models: {
      names: async () => [],
      list: () => Promise.reject(new Error("not here")),
      check: () => Promise.reject(new Error("not here")),
    },
    agents: { described: [], broken: [] },
    settings: {
      report: () => Promise.reject(new Error("not here")),
      change: () => Promise.reject(new Error("not here")),
      mcpServer: () => Promise.reject(new Error("not here")),
    },
    mcp: {
      states: () => [],
      login: () => Promise.reject(new Error("not here")),
      check: () => Promise.reject(new Error("not here")),
    },
    tickets: createTickets(),
    ports: { link: () => undefined },
    webRoot: undefined,
    version: "",
    tickMs: 1000,
    signal: new AbortController().signal,
  });
  const paths = routes
    .filter(({ method, path }) => !(method === "ALL" && path === "/*"))
    .map(
      ({ method, path }) =>
        [method === "ALL" ? "GET" : method, path.replace(":id", "x").replace(":port", "80").replace("*", "y")] as const,
    );
  assert.ok(paths.length >= 15, `${paths.length} routes`);
  for (const [method, path] of [...paths, ["GET", "/ws"] as const, ["GET", "/c/x/port/80/"] as const]) {
    const extra: Headers = path === "/ws" ? upgradeHeaders : [];
    const refused = async (...headers: Headers): Promise<number> =>
      (await rawRequest(server.port, requestText(method, path, [...headers, ...extra]))).status;
    assert.equal(await refused(["Host", "rebound.example"]), 403, `${method} ${path}`);
    assert.equal(await refused(["Host", own], ["Origin", "https://evil.example"]), 403, `${method} ${path}`);
    assert.equal(await refused(["Host", own], ["Sec-Fetch-Site", "cross-site"]), 403, `${method} ${path}`);
    assert.equal(await refused(["Host", own], ["X-Forwarded-For", "192.0.2.1"]), 401, `${method} ${path}`);
  }
});

test("[D6] every response forbids framing, content sniffing and loading from other origins", async () => {
  const answers = await Promise.all([
    rawRequest(server.port, requestText("GET", "/", [["Host", own]])),
    rawRequest(server.port, requestText("GET", "/api/health", [["Host", own]])),
    rawRequest(server.port, requestText("GET", "/api/nothing", [["Host", own]])),
    rawRequest(server.port, requestText("GET", "/api/health", [["Host", "evil.example"]])),
    rawRequest(server.port, requestText("GET", "/ws", [["Host", "evil.example"], ...upgradeHeaders])),
    rawRequest(server.port, requestText("GET", `/?token=${testToken}`, [["Host", own]])),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 200, 404, 403, 403, 302],
  );
  for (const { headers } of answers) {
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"]) {
      assert.ok(policy.includes(part), part);
    }
    // The UI may frame sandbox ports, which are below its own host, and blobs.
    const frames = policy.split("; ").find((part) => part.startsWith("frame-src"));
    assert.ok(frames === undefined || frames === `frame-src blob: *.localhost:${server.port}`, frames);
    assert.doesNotMatch(policy.replace(frames ?? "", ""), /unsafe|\*/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(headers.get("access-control-allow-origin"), undefined);
  }
});
