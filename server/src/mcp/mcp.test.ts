import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DeckhandError, type ErrorCode, type McpServer } from "@deckhand/protocol";
import { hostPrograms } from "../programs/program.ts";
import { findMarked, isAlive } from "../runtime/processes.ts";
import type { McpServers } from "./mcp-servers.ts";
import { openMcpServers } from "./open-servers.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-mcp-"));
after(() => rm(folder, { recursive: true, force: true }));
const child = join(import.meta.dirname, "echo-server.child.js");
const callback = async (): Promise<string> => "http://127.0.0.1:1/mcp-login";
const never = new AbortController().signal;

function program(mode: string, more: Partial<Extract<McpServer, { command: string }>> = {}): McpServer {
  return { command: process.execPath, args: [child, mode], start_seconds: 20, ...more };
}

interface TestServers extends AsyncDisposable {
  readonly mcp: McpServers;
  readonly configured: Record<string, McpServer>;
  readonly lines: string[];
  /** Pids of the processes that were started and are alive. */
  living(): number[];
}

async function startServers(configured: Record<string, McpServer>): Promise<TestServers> {
  const home = await mkdtemp(join(folder, "home-"));
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    LLM_API_KEY: "sk-very-secret",
    OPENAI_API_KEY: "sk-very-secret",
  };
  const programs = hostPrograms({ home, env, path: process.env["PATH"] ?? "" });
  const lines: string[] = [];
  const living = (): number[] => findMarked(`DECKHAND_SERVER=${programs.serverMark}`).filter(isAlive);
  const mcp = openMcpServers({
    configured: () => configured,
    programs,
    home,
    callback,
    log: (line) => lines.push(line),
    firstRetryMs: 20,
  });
  return { mcp, configured, lines, living, [Symbol.asyncDispose]: () => mcp[Symbol.asyncDispose]() };
}

const call = (mcp: McpServers, server: string, name: string, args = {}, signal = never) =>
  mcp.call(undefined, { server, name, arguments: args }, signal);
const failed = (code: ErrorCode, pattern: RegExp) => (error: unknown) =>
  error instanceof DeckhandError && error.code === code && pattern.test(error.message);
const names = async (mcp: McpServers): Promise<string[]> =>
  (await mcp.offer(undefined, [], never)).tools.map(({ name }) => name);

test("[MC1] a program is started once, lists its tools by name, and answers calls", async () => {
  const starts = join(folder, "starts");
  await using it = await startServers({ "my-math": program("works", { args: [child, "works", starts] }) });
  const first = await it.mcp.offer(undefined, [], never);
  assert.deepEqual(first.warnings, []);
  assert.deepEqual(await it.mcp.offer(undefined, [], never), first);
  const add = first.tools.find(({ tool }) => tool === "add");
  assert.deepEqual([add?.name, add?.server, add?.description], ["my-math__add", "my-math", "Adds two numbers."]);
  assert.deepEqual(add?.parameters["required"], ["a", "b"]);
  const outcome = await call(it.mcp, "my-math", "add", { a: 2, b: 40 });
  assert.deepEqual(outcome, { observation: "call_tool", content: "42", extras: { server: "my-math", name: "add" } });
  const failing = await call(it.mcp, "my-math", "fail");
  assert.deepEqual([failing.content, failing.extras.is_error], ["it did not work", true]);
  const drawn = await call(it.mcp, "my-math", "draw");
  assert.deepEqual(drawn.extras.images, ["data:image/png;base64,iVBORw0KGgo="]);
  const flood = await call(it.mcp, "my-math", "flood");
  assert.ok(flood.content.length < 31_000 && flood.extras.truncated === true);
  await assert.rejects(call(it.mcp, "my-math", "throw"), failed("mcp_failed", /this is how it is/));
  await assert.rejects(call(it.mcp, "nobody", "add"), failed("mcp_unavailable", /Unknown MCP server: nobody/));
  assert.equal((await readFile(starts, "utf8")).trim().split("\n").length, 1);
});

test("[MC2] a server that hangs costs its own tools and a warning; its start times out", async () => {
  await using it = await startServers({ good: program("works"), bad: program("hangs", { start_seconds: 0.4 }) });
  const { tools, warnings } = await it.mcp.offer(undefined, [], never);
  assert.ok(tools.length > 0 && tools.every(({ server }) => server === "good"));
  assert.match(warnings.join("\n"), /The MCP server bad is unavailable: The server did not answer within 0\.4 seconds/);
  const pending = it.mcp.states().find(({ name }) => name === "bad");
  assert.notEqual(pending?.state, "ready");
  const later = await it.mcp.offer(undefined, [], never);
  assert.equal(later.warnings.length, 1, "a retry is not waited for");
});

test("[MC3] a slow call times out, a stop ends a call immediately, and the server keeps running", async () => {
  await using it = await startServers({ slow: program("works", { call_seconds: 0.3 }) });
  await it.mcp.offer(undefined, [], never);
  await assert.rejects(call(it.mcp, "slow", "sleep"), failed("mcp_timeout", /within 0\.3 seconds/));
  const stop = new AbortController();
  const sleeping = call(it.mcp, "slow", "sleep", {}, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(sleeping, /stopped/);
  assert.equal((await call(it.mcp, "slow", "echo", { text: "still here" })).content, "still here");
});

test("[MC4] a server that exits is reported with the end of its stderr and restarted, after a longer delay each time", async () => {
  const starts = join(folder, "again");
  await using it = await startServers({
    dead: program("dies", { args: [child, "dies", starts] }),
    good: program("works"),
  });
  const { warnings } = await it.mcp.offer(undefined, [], never);
  assert.match(
    warnings.join(),
    /The MCP server dead is unavailable: The server has exited: no database at db\.example/,
  );
  await assert.rejects(call(it.mcp, "good", "die"), failed("mcp_unavailable", /The server has exited/));
  const echo = async (): Promise<string> => {
    const outcome = await call(it.mcp, "good", "echo", { text: "back" }).catch(() => undefined);
    return outcome?.content ?? echo();
  };
  assert.equal(await echo(), "back");
  const announced = it.lines.filter((line) => /^MCP server dead: .*Retrying in/.test(line));
  const tries = (await readFile(starts, "utf8")).trim().split("\n").length;
  assert.ok(announced.length >= 1 && tries <= announced.length + 1, `${tries} starts, ${announced.length} announced`);
});

test("[MC5] no process of a server is left when it is removed or all are stopped, whatever it started or ignores", async () => {
  await using it = await startServers({ forking: program("forks"), hung: program("hangs", { start_seconds: 60 }) });
  // The server, its child and the hanging server.
  while (it.living().length < 3) await new Promise((resolve) => setImmediate(resolve));
  delete it.configured["forking"];
  it.mcp.update();
  const began = performance.now();
  await it.mcp[Symbol.asyncDispose]();
  // Half of its start-up time, so that a busy machine cannot fail the test.
  assert.ok(performance.now() - began < 30_000, "a stop does not wait for the hanging server");
  assert.deepEqual(it.living(), []);
});

test("[MC6] a program gets an allow-list of the environment and no API key", async () => {
  await using it = await startServers({ good: program("works", { env: { MINE: "yes" } }) });
  await it.mcp.offer(undefined, [], never);
  const env = JSON.parse((await call(it.mcp, "good", "env")).content) as Record<string, string>;
  assert.deepEqual([env["MINE"], env["HOME"]], ["yes", folder]);
  assert.ok(!JSON.stringify(env).includes("sk-very-secret"));
  assert.ok(env["cwd"]?.endsWith("/mcp"));
});

test("[MC7] changed tool lists, reconfigured servers and disabled servers are reflected in the offer", async () => {
  await using it = await startServers({ good: program("works", { tools: ["echo", "more", "extra"] }) });
  assert.deepEqual(await names(it.mcp), ["good__echo", "good__more"]);
  await call(it.mcp, "good", "more");
  while (!(await names(it.mcp)).includes("good__extra")) await new Promise((resolve) => setImmediate(resolve));
  const known = (await it.mcp.offer(undefined, [], never)).tools;
  it.configured["good"] = program("works", { enabled: false });
  it.mcp.update();
  assert.deepEqual(await it.mcp.offer(undefined, known, never), { tools: [], warnings: [] });
  it.configured["good"] = program("dies");
  it.mcp.update();
  const offer = await it.mcp.offer(undefined, known, never);
  assert.deepEqual(offer.tools, known, "a configured server that is unavailable keeps its tools");
  assert.deepEqual(
    it.mcp.states().map(({ name, state }) => [name, state === "off"]),
    [["good", false]],
  );
});

test("[MC8] a server's claim that a tool is read-only counts only if the user trusts it", async () => {
  await using it = await startServers({ plain: program("works"), trusted: program("works", { trust_hints: true }) });
  await it.mcp.offer(undefined, [], never);
  assert.equal(it.mcp.isReadOnly(undefined, "plain", "echo"), false);
  assert.equal(it.mcp.isReadOnly(undefined, "trusted", "echo"), true);
  assert.equal(it.mcp.isReadOnly(undefined, "trusted", "add"), false);
});

test("[MC9] a check reports the tools or the problem and leaves no process behind", async () => {
  await using it = await startServers({});
  const good = await it.mcp.check(program("works"), never);
  assert.deepEqual(
    [good.ok, good.tools.length, good.tools.find(({ name }) => name === "echo")?.read_only],
    [true, 10, true],
  );
  assert.deepEqual(
    (await it.mcp.check({ command: "/nowhere/mcp" }, never)).sentence,
    "The program or its folder does not exist.",
  );
  assert.match((await it.mcp.check(program("hangs", { start_seconds: 0.3 }), never)).sentence, /within 0\.3 seconds/);
  assert.match((await it.mcp.check({ url: "http://127.0.0.1:9/mcp" }, never)).sentence, /cannot be reached/);
  assert.deepEqual(it.living(), []);
});
