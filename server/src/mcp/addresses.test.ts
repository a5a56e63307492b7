import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DeckhandError, type McpServer } from "@deckhand/protocol";
import { hostPrograms } from "../programs/program.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { httpMcpServer } from "./http-server.test-kit.ts";
import type { McpServers } from "./mcp-servers.ts";
import { loginAddress, openMcpServers } from "./open-servers.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-mcp-http-"));
after(() => rm(folder, { recursive: true, force: true }));
const never = new AbortController().signal;

async function serversOf(
  set: Record<string, McpServer>,
  home?: string,
): Promise<McpServers & { readonly home: string }> {
  const own = home ?? (await mkdtemp(join(folder, "home-")));
  const programs = hostPrograms({ home: own, env: {}, path: "/usr/bin:/bin" });
  const callback = async (): Promise<string> => "http://127.0.0.1:3000/mcp-login";
  const mcp = openMcpServers({
    set: () => set,
    programs,
    home: own,
    callback,
    log: () => {},
    firstWaitMs: 20,
    idleMs: 400,
  });
  return Object.assign(mcp, { home: own });
}

const echo = async (mcp: McpServers, server: string, text: string, own = {}): Promise<string> =>
  (await mcp.call(own, { server, name: "echo", arguments: { text } }, never)).content;

test("[MC12] a server behind an address is asked with its headers, and is tried again when it was away", async () => {
  await using far = await httpMcpServer();
  await using mcp = await serversOf({ far: { url: far.url, headers: { "X-Team": "blue" } } });
  assert.deepEqual(
    (await mcp.offer(undefined, [], never)).tools.map(({ name }) => name),
    ["far__echo"],
  );
  assert.equal(await echo(mcp, "far", "hello"), "hello");
  assert.equal(far.headers()["x-team"], "blue");
});

test("[MC13] a conversation's own servers are shared, go when nobody uses them, and never stand in for the user's", async () => {
  await using far = await httpMcpServer();
  await using other = await httpMcpServer();
  await using mcp = await serversOf({ far: { url: far.url } });
  const own = { near: { url: other.url }, far: { url: other.url } };
  assert.deepEqual(
    (await mcp.offer(own, [], never)).tools.map(({ name }) => name),
    ["far__echo", "near__echo"],
  );
  await echo(mcp, "far", "whose?", own);
  const before = other.asked.length;
  assert.equal(await echo(mcp, "near", "hello", { ...own }), "hello");
  assert.ok(other.asked.length > before);
  await assert.rejects(echo(mcp, "near", "hello"), /no MCP server near/);
  while (!other.asked.includes("DELETE /mcp")) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await echo(mcp, "near", "again", own), "again");
  assert.ok(!far.asked.includes("DELETE /mcp"), "the user's own stays");
});

test("[MC14] a server cannot send us to another place: not by a redirect, nor by what it names, this server and private networks least", async () => {
  await using own = await httpMcpServer({ answer: (_, response) => response.end("{}") });
  await using hostile = await httpMcpServer({
    answer: (_, response) => response.writeHead(307, { location: own.url }).end(),
  });
  await using mcp = await serversOf({});
  const report = await mcp.check({ url: hostile.url }, never);
  assert.equal(report.ok, false);
  assert.deepEqual(own.asked, []);
  const refused = (words: RegExp) => (error: unknown) => error instanceof DeckhandError && words.test(error.message);
  const from = guardedFetch("https://mcp.example.org/mcp");
  await assert.rejects(from("http://127.0.0.1:3000/api/settings"), refused(/not https/));
  for (const host of ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "localhost", "2130706433"]) {
    await assert.rejects(from(`https://${host}/token`), refused(/private network|not found/), host);
  }
  assert.equal((await guardedFetch(own.url)(own.url)).status, 200, "its own place is wherever the user says");
});

test("[MC15] a server that wants a login tells where, is there when somebody has logged in, and after a restart; what is kept is closed to others", async () => {
  await using far = await httpMcpServer({ login: true });
  const set = { far: { url: far.url } };
  const mcp = await serversOf(set);
  const { warnings } = await mcp.offer(undefined, [], never);
  assert.match(warnings.join(), /far is not there: It wants a login/);
  const [state] = mcp.states();
  assert.equal(state?.state, "login");
  // A browser goes there, somebody agrees, and it is sent back.
  const there = await fetch(state?.login_url ?? "", { redirect: "manual" });
  const back = new URL(there.headers.get("location") ?? "");
  assert.equal(`${back.origin}${back.pathname}`, "http://127.0.0.1:3000/mcp-login");
  const [code, known] = [back.searchParams.get("code") ?? "", back.searchParams.get("state") ?? ""];
  await assert.rejects(mcp.login("guessed", code), /Nobody waits/);
  assert.equal(await mcp.login(known, code), "far");
  await assert.rejects(mcp.login(known, code), /Nobody waits/, "it is good once");
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
