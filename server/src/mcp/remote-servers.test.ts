import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { DeckhandError, type McpServer } from "@deckhand/protocol";
import { hostPrograms } from "../programs/program.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { httpMcpServer } from "./http-server.test-kit.ts";
import type { McpServers } from "./mcp-servers.ts";
import { ManagedServer } from "./managed-server.ts";
import { loginAddress, openMcpServers } from "./open-servers.ts";
import type { Session } from "./session.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-mcp-http-"));
after(() => rm(folder, { recursive: true, force: true }));
const never = new AbortController().signal;

async function serversOf(
  configured: Record<string, McpServer>,
  home?: string,
): Promise<McpServers & { readonly home: string }> {
  const own = home ?? (await mkdtemp(join(folder, "home-")));
  const programs = hostPrograms({ home: own, env: {}, path: "/usr/bin:/bin" });
  const callback = async (): Promise<string> => "http://127.0.0.1:3000/mcp-login";
  const mcp = openMcpServers({
    configured: () => configured,
    programs,
    home: own,
    callback,
    log: () => {},
    firstRetryMs: 20,
    idleMs: 400,
  });
  return Object.assign(mcp, { home: own });
}

const echo = async (mcp: McpServers, server: string, text: string, own = {}): Promise<string> =>
  (await mcp.call(own, { server, name: "echo", arguments: { text } }, never)).content;

test("[MC12] requests to a remote server carry its configured headers", async () => {
  await using far = await httpMcpServer();
  await using mcp = await serversOf({ far: { url: far.url, headers: { "X-Team": "blue" } } });
  assert.deepEqual(
    (await mcp.offer(undefined, [], never)).tools.map(({ name }) => name),
    ["far__echo"],
  );
  assert.equal(await echo(mcp, "far", "hello"), "hello");
  assert.equal(far.headers()["x-team"], "blue");
});

test("[MC13] servers of conversations are shared, stop when idle, and never replace a server of the user", async () => {
  await using far = await httpMcpServer();
  await using other = await httpMcpServer();
  await using mcp = await serversOf({ far: { url: far.url } });
  const own = { near: { url: other.url }, far: { url: other.url } };
  assert.deepEqual(
    (await mcp.offer(own, [], never)).tools.map(({ name }) => name),
    ["far__echo", "near__echo"],
  );
  await echo(mcp, "far", "whose?", own);
  const before = other.requests.length;
  assert.equal(await echo(mcp, "near", "hello", { ...own }), "hello");
  assert.ok(other.requests.length > before);
  await assert.rejects(echo(mcp, "near", "hello"), /Unknown MCP server: near/);
  while (!other.requests.includes("DELETE /mcp")) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await echo(mcp, "near", "again", own), "again");
  assert.ok(!far.requests.includes("DELETE /mcp"), "the user's server keeps running");
});

test("[MC13] a server of a conversation is not stopped during a call that takes longer than its idle time", async () => {
  let answered = false;
  await using far = await httpMcpServer({ beforeCall: () => wait(1_000).then(() => void (answered = true)) });
  await using mcp = await serversOf({});
  const own = { near: { url: far.url } };
  await mcp.offer(own, [], never);
  assert.equal(await echo(mcp, "near", "slow", own), "slow");
  assert.ok(answered);
  assert.ok(!far.requests.includes("DELETE /mcp"), "the session was kept");
});

test("[MC14] a server cannot redirect requests or refer them to another origin, least of all to this server or a private network", async () => {
  await using own = await httpMcpServer({ answer: (_, response) => response.end("{}") });
  await using hostile = await httpMcpServer({
    answer: (_, response) => response.writeHead(307, { location: own.url }).end(),
  });
  await using mcp = await serversOf({});
  const report = await mcp.check({ url: hostile.url }, never);
  assert.equal(report.ok, false);
  assert.deepEqual(own.requests, []);
  const refused = (pattern: RegExp) => (error: unknown) =>
    error instanceof DeckhandError && pattern.test(error.message);
  const from = guardedFetch("https://mcp.example.org/mcp");
  await assert.rejects(from("http://127.0.0.1:3000/api/settings"), refused(/does not use https/));
  for (const host of ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "localhost", "2130706433"]) {
    await assert.rejects(from(`https://${host}/token`), refused(/private address|cannot be resolved/), host);
  }
  assert.equal((await guardedFetch(own.url)(own.url)).status, 200, "the configured origin may be anywhere");
});

test("[MC15] a server that requires a login says where, works after the login and after a restart; stored tokens are private", async () => {
  await using far = await httpMcpServer({ login: true });
  const set = { far: { url: far.url } };
  const mcp = await serversOf(set);
  const { warnings } = await mcp.offer(undefined, [], never);
  assert.match(warnings.join(), /far is unavailable: The server requires a login/);
  const [state] = mcp.states();
  assert.equal(state?.state, "login");
  // What a browser does: the person agrees and is redirected back.
  const login = await fetch(state?.login_url ?? "", { redirect: "manual" });
  const back = new URL(login.headers.get("location") ?? "");
  assert.equal(`${back.origin}${back.pathname}`, "http://127.0.0.1:3000/mcp-login");
  const [code, known] = [back.searchParams.get("code") ?? "", back.searchParams.get("state") ?? ""];
  await assert.rejects(mcp.login("guessed", code), /not requested/);
  assert.equal(await mcp.login(known, code), "far");
  await assert.rejects(mcp.login(known, code), /not requested/, "a state is valid once");
  assert.equal(await echo(mcp, "far", "hello"), "hello");
  const [file = ""] = (await readdir(join(mcp.home, "mcp"))).filter((name) => name.startsWith("login-"));
  const path = join(mcp.home, "mcp", file);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const { tokens } = JSON.parse(await readFile(path, "utf8")) as { tokens: { access_token: string } };
  assert.ok(!JSON.stringify(mcp.states()).includes(tokens.access_token));
  await mcp[Symbol.asyncDispose]();

  await using again = await serversOf(set, mcp.home);
  await again.offer(undefined, [], never);
  assert.equal(await echo(again, "far", "still"), "still");
  assert.equal(loginAddress("http://0.0.0.0:3000"), "http://127.0.0.1:3000/mcp-login");
});

test("[MC15] a login that completes while the server is being retried is used at once", async () => {
  const retrying = Promise.withResolvers<void>();
  const attempts: PromiseWithResolvers<Session>[] = [];
  await using server = new ManagedServer({
    name: "far",
    server: { url: "http://127.0.0.1:9/mcp" },
    log: () => {},
    open: () => {
      const attempt = Promise.withResolvers<Session>();
      attempts.push(attempt);
      if (attempts.length === 2) retrying.resolve();
      return attempt.promise;
    },
    firstRetryMs: 1,
  });
  attempts[0]?.reject(new DeckhandError("mcp_unavailable", "The server requires a login."));
  await retrying.promise;
  server.retryNow();
  const call = server.call("echo", {}, never);
  attempts[1]?.reject(new DeckhandError("mcp_unavailable", "The server requires a login."));
  while (attempts.length < 3) await new Promise((resolve) => setImmediate(resolve));
  const result = { content: [] };
  attempts[2]?.resolve({ tools: { tools: [], excluded: 0 }, call: async () => result, close: async () => {} });
  assert.equal(await call, result);
});
