import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Event } from "@deckhand/protocol";
import { rawRequest, requestText, startTestServer, type TestServer } from "./server.test-kit.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer({ health: async () => ({ model: "canned" }) });
});
after(() => server[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- a missing field fails the assertion that reads it
  readonly body: any;
}

async function call(method: string, path: string, body?: unknown, text?: string): Promise<Answer> {
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(server.url + path, {
    method,
    ...(sent === undefined ? {} : { body: sent, headers: { "Content-Type": "application/json" } }),
  });
  const answer = await response.text();
  const json = response.headers.get("Content-Type")?.includes("json") ?? false;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(answer) : answer };
}

interface AgentsBody {
  readonly agents: string[];
  readonly described: readonly { readonly name: string; readonly description: string }[];
}

const code = ({ status, body }: Answer): unknown => [status, body.error?.code];

describe("small routes", () => {
  test("[H1] health, models, agents and the classic option lists respond", async () => {
    assert.deepEqual((await call("GET", "/api/health")).body, { status: "ok", version: "0.0.0-test", model: "canned" });
    assert.deepEqual((await call("GET", "/health")).body, "OK");
    assert.deepEqual((await call("GET", "/api/models")).body, { models: ["canned"], details: [], providers: [] });
    const { agents, described } = (await call("GET", "/api/agents")).body as AgentsBody;
    assert.ok(agents.includes("CodeActAgent") && agents.includes("DummyAgent"));
    assert.deepEqual(
      described.map(({ name }) => name),
      agents,
    );
    assert.ok(described.every(({ description }) => description !== ""));
    assert.deepEqual((await call("GET", "/api/options/models")).body, ["canned"]);
    assert.deepEqual((await call("GET", "/api/options/agents")).body, agents.toSorted());
    assert.deepEqual((await call("GET", "/api/options/security-analyzers")).body, []);
  });

  test("[H2] an unknown path is answered with a JSON error for every method", async () => {
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      assert.deepEqual(code(await call(method, "/api/nothing")), [404, "unknown_path"]);
    }
    assert.deepEqual(code(await call("PUT", "/api/health")), [404, "unknown_path"]);
    assert.deepEqual(code(await call("POST", "/")), [404, "unknown_path"]);
  });
});

describe("approval rules of the server", () => {
  test("[Q22] are listed, checked, added and deleted; invalid ones are refused", async () => {
    const rule = { action: "run", pattern: " npm   run * " };
    const checked = await call("POST", "/api/rules", { ...rule, dry_run: true });
    assert.deepEqual([checked.status, checked.body], [200, { action: "run", pattern: "npm run *" }]);
    assert.deepEqual((await call("GET", "/api/rules")).body, { rules: [] });
    const made = await call("POST", "/api/rules", rule);
    assert.equal(made.status, 201);
    assert.equal(made.headers.get("Location"), `/api/rules/${made.body.id}`);
    assert.deepEqual((await call("GET", "/api/rules")).body, { rules: [made.body] });
    assert.equal((await call("POST", "/api/rules", rule)).body.id, made.body.id, "a rule is stored only once");
    for (const bad of [{}, { action: "run" }, { action: "run", pattern: "rm -rf *" }, { action: "x", pattern: "*" }]) {
      assert.deepEqual(code(await call("POST", "/api/rules", bad)), [400, "bad_args"], JSON.stringify(bad));
    }
    assert.equal((await call("DELETE", `/api/rules/${made.body.id}`)).status, 204);
    assert.deepEqual(code(await call("DELETE", `/api/rules/${made.body.id}`)), [404, "unknown_path"]);
    assert.deepEqual(code(await call("DELETE", "/api/rules/x")), [404, "unknown_path"]);
  });
});

describe("a conversation", () => {
  test("[H3] is created, listed, read, renamed and deleted", async () => {
    const made = await call("POST", "/api/conversations", { task: "say hello", settings: { MAX_ITERATIONS: "3" } });
    assert.equal(made.status, 201);
    const { id } = made.body;
    assert.equal(made.headers.get("Location"), `/api/conversations/${id}`);
    assert.equal(made.body.title, "say hello");
    assert.equal(typeof made.body.head, "number");
    assert.ok(
      (await call("GET", "/api/conversations")).body.conversations.some((row: { id: string }) => row.id === id),
    );
    assert.equal((await call("PATCH", `/api/conversations/${id}`, { title: "Greeting" })).body.title, "Greeting");
    assert.equal((await call("GET", `/api/conversations/${id}`)).body.title, "Greeting");
    const found = await call("GET", "/api/conversations?q=reeti");
    assert.deepEqual(
      found.body.conversations.map((row: { id: string }) => row.id),
      [id],
    );
    const deleted = await call("DELETE", `/api/conversations/${id}`);
    assert.deepEqual([deleted.status, deleted.body], [204, ""]);
    for (const method of ["GET", "DELETE"]) {
      assert.deepEqual(code(await call(method, `/api/conversations/${id}`)), [404, "unknown_conversation"]);
    }
    assert.deepEqual(code(await call("GET", `/api/conversations/${id}/events`)), [404, "unknown_conversation"]);
  });

  test("[H4] keeps an id chosen by the client, which can be used only once; its API key is stored nowhere", async () => {
    const id = randomUUID();
    const settings = { model: "m", api_key: "sk-very-secret" };
    const made = await call("POST", "/api/conversations", { id, settings });
    assert.equal(made.body.id, id);
    assert.deepEqual(code(await call("POST", "/api/conversations", { id })), [409, "exists"]);
    const { body } = await call("GET", `/api/conversations/${id}/events`);
    assert.deepEqual(body.events[0].args, { model: "m" });
    assert.ok(!JSON.stringify(body).includes("sk-very-secret"));
  });

  test("[H5] is listed in pages, newest first", async () => {
    const all = (await call("GET", "/api/conversations?limit=100")).body.conversations.map(
      (row: { id: string }) => row.id,
    );
    for (let n = all.length; n < 5; n += 1) all.unshift((await call("POST", "/api/conversations", {})).body.id);
    const paged: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const page: Answer = await call("GET", `/api/conversations?limit=2${next === "" ? "" : `&after=${next}`}`);
      paged.push(...page.body.conversations.map((row: { id: string }) => row.id));
      next = page.body.next;
    }
    assert.deepEqual(paged, all);
  });

  test("[H6] accepts actions, returns the stored event, and executes a command only once", async () => {
    const { id } = (await call("POST", "/api/conversations", {})).body;
    const action = { action: "think", args: { thought: "hm" }, command: "c1" };
    const stored = await call("POST", `/api/conversations/${id}/events`, action);
    assert.equal(stored.status, 201);
    assert.deepEqual([stored.body.action, stored.body.source, stored.body.args], ["think", "user", { thought: "hm" }]);
    assert.deepEqual((await call("POST", `/api/conversations/${id}/events`, action)).body, stored.body);
    const page = await call("GET", `/api/conversations/${id}/events?after=${stored.body.id - 1}&limit=1`);
    assert.deepEqual(page.body, { events: [stored.body], head: stored.body.id });
  });

  test("[H7] answers every invalid request with an appropriate status and code", async () => {
    const { id } = (await call("POST", "/api/conversations", {})).body;
    const events = `/api/conversations/${id}/events`;
    const head = (await call("GET", events)).body.head;
    assert.deepEqual(code(await call("POST", events, undefined, "{")), [400, "bad_json"]);
    assert.deepEqual(code(await call("POST", events, [])), [400, "bad_args"]);
    assert.deepEqual(code(await call("POST", events, { args: {} })), [400, "bad_args"]);
    assert.deepEqual(code(await call("POST", events, { action: "fly" })), [400, "unknown_kind"]);
    assert.deepEqual(code(await call("POST", events, { action: "run", args: { cmd: "ls" } })), [400, "bad_args"]);
    assert.deepEqual(code(await call("POST", events, { action: "initialize", args: { AGENT: "X" } })), [
      400,
      "unknown_agent",
    ]);
    assert.deepEqual(code(await call("POST", events, undefined, "[".repeat(100_000))), [400, "bad_args"]);
    assert.deepEqual(code(await call("GET", `${events}?after=x`)), [400, "bad_args"]);
    assert.deepEqual(code(await call("GET", `${events}?limit=0`)), [400, "bad_args"]);
    assert.deepEqual(code(await call("GET", `${events}?limit=100000`)), [400, "bad_args"]);
    assert.deepEqual(code(await call("PATCH", `/api/conversations/${id}`, { title: "" })), [400, "bad_args"]);
    assert.deepEqual(code(await call("POST", "/api/conversations", { id: "../x" })), [400, "bad_args"]);
    assert.deepEqual(code(await call("POST", "/api/conversations", { task: 7 })), [400, "bad_args"]);
    assert.equal((await call("GET", events)).body.head, head);
  });

  test("[H8] refuses a body of more than 8 MiB, with or without Content-Length", async () => {
    const host = [
      ["Host", `127.0.0.1:${server.port}`],
      ["Content-Type", "application/json"],
    ] as const;
    const sized = requestText("POST", "/api/conversations", [...host, ["Content-Length", "9000000"]]);
    assert.equal((await rawRequest(server.port, `${sized}{`)).status, 413);
    const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
    const chunked = requestText("POST", "/api/conversations", [...host, ["Transfer-Encoding", "chunked"]]);
    assert.equal((await rawRequest(server.port, chunked + chunk.repeat(9))).status, 413);
  });
});

describe("a stream of events", () => {
  test("[H9] sends existing events, caught_up and new events, and resumes from Last-Event-ID", async () => {
    const { id } = (await call("POST", "/api/conversations", {})).body;
    const stream = await open(id);
    assert.equal(stream.type, "text/event-stream");
    const past = await stream.take(4);
    assert.deepEqual(
      past.map(({ event, id: at }) => [event, at]),
      [
        ["message", "0"],
        ["message", "1"],
        ["message", "2"],
        ["caught_up", undefined],
      ],
    );
    await call("POST", `/api/conversations/${id}/events`, { action: "think", args: { thought: "live" } });
    const [live] = await stream.take(1);
    assert.equal((JSON.parse(live?.data ?? "") as Event).id, 3);
    await stream.end();

    const back = await open(id, { "Last-Event-ID": "2" });
    const [missed, caughtUp] = await back.take(2);
    assert.equal(missed?.id, "3");
    assert.deepEqual([caughtUp?.event, caughtUp?.data], ["caught_up", '{"id":3}']);
    await back.end();

    const late = await open(id, { "Last-Event-ID": "3" });
    assert.equal((await late.take(1))[0]?.event, "caught_up");
    await late.end();
  });

  test("[H10] ticks while nothing happens, and ends when the server stops", async () => {
    await using own = await startTestServer({ tickMs: 10 });
    await (await own.conversations.open("c")).submit("initialize", {});
    const response = await fetch(`${own.url}/api/conversations/c/events?after=2`, {
      headers: { Accept: "text/event-stream" },
    });
    const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(": tick\n\n: tick\n\n")) text += (await reader.read()).value ?? assert.fail("ended");
    await own.close();
    const rest = async (): Promise<boolean> => (await reader.read()).done || rest();
    // It fails if the server had to destroy the connection.
    await rest();
  });
});

describe("the files of the web UI", () => {
  test("[H11] without a build, a page says how to build it", async () => {
    const { status, body } = await call("GET", "/");
    assert.equal(status, 503);
    assert.match(body, /npm start/);
  });

  test("[H12] are served: index.html for every UI path, hashed files as immutable, nothing outside the folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "deckhand-web-"));
    try {
      const root = join(folder, "dist");
      await mkdir(join(root, "assets"), { recursive: true });
      await writeFile(join(root, "index.html"), "<!doctype html>page");
      await writeFile(join(root, "assets", "a-1b2c.js"), "export {};");
      await writeFile(join(folder, "secret.txt"), "secret");
      await symlink(join(folder, "secret.txt"), join(root, "link.txt"));
      await using own = await startTestServer({ webRoot: root });
      const get = (path: string) => rawRequest(own.port, requestText("GET", path, [["Host", `127.0.0.1:${own.port}`]]));

      for (const path of ["/", "/conversations/some-id", "/?x=1"]) {
        const page = await get(path);
        assert.equal(page.status, 200, path);
        assert.match(page.body, /page/);
        assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
        assert.equal(page.headers.get("cache-control"), "no-cache");
      }
      const asset = await get("/assets/a-1b2c.js");
      assert.equal(asset.headers.get("content-type"), "text/javascript; charset=utf-8");
      assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
      assert.equal((await get("/assets/gone.js")).status, 404);

      const outside = [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%252e%252e%252fsecret.txt",
        `/${join(folder, "secret.txt")}`,
        "/link.txt",
        "/secret.txt%00.html",
        "/%ff",
      ];
      for (const path of outside) {
        const answer = await get(path);
        assert.doesNotMatch(answer.body, /secret$/, path);
        assert.ok(answer.status >= 400 || /page/.test(answer.body), `${path}: ${answer.status}`);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Reads the stream as a browser's EventSource does. */
async function open(id: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const response = await fetch(`${server.url}/api/conversations/${id}/events`, {
    headers: { Accept: "text/event-stream", ...headers },
    signal: stop.signal,
  });
  const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const ready: StreamEvent[] = [];
  return {
    type: response.headers.get("Content-Type"),
    async take(count: number): Promise<StreamEvent[]> {
      while (ready.length < count) {
        const { value, done } = await reader.read();
        assert.ok(!done, "the stream ended");
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
          const data = field("data");
          if (data !== undefined) ready.push({ event: field("event") ?? "message", id: field("id"), data });
        }
      }
      return ready.splice(0, count);
    },
    async end(): Promise<void> {
      stop.abort();
      await reader.cancel().catch(() => {});
    },
  };
}
