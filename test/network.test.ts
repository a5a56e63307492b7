/** Network access of commands through the whole server: packages, refused hosts, and hosts that a person allows. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string): ScriptReply => ({ calls: [{ name: "run", arguments: { command } }] });
const finish: ScriptReply = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };
const on = { conversation: "c" };

interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly asked: string[];
}

/** An npm registry with one package, `tiny-sum`. */
async function registry(): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "deckhand-registry-"));
  mkdirSync(join(folder, "package"));
  writeFileSync(
    join(folder, "package/package.json"),
    JSON.stringify({ name: "tiny-sum", version: "1.0.0", main: "index.js" }),
  );
  writeFileSync(join(folder, "package/index.js"), "module.exports = (a, b) => a + b;\n");
  execFileSync("tar", ["czf", "tiny-sum.tgz", "package"], { cwd: folder });
  const archive = readFileSync(join(folder, "tiny-sum.tgz"));
  const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  rmSync(folder, { recursive: true });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const url = `http://${request.headers.host}/tiny-sum/-/tiny-sum-1.0.0.tgz`;
    if (request.url === "/tiny-sum") {
      const version = { name: "tiny-sum", version: "1.0.0", dist: { tarball: url, integrity } };
      response.end(
        JSON.stringify({ name: "tiny-sum", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }),
      );
    } else if (request.url?.endsWith(".tgz") === true) response.end(archive);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function start(server: ServerProcess, task: string): Promise<RawSocket> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task }, ...on, command: task });
  await socket.next((frame) => frame["ack"]?.command === task);
  socket.send({ subscribe: on });
  return socket;
}

async function networkOf(server: ServerProcess): Promise<Frame> {
  return (await (await fetch(`${server.url}/api/conversations/c/network`)).json()) as Frame;
}

const runs = (socket: RawSocket): Frame[] => socket.frames.filter((frame) => frame["observation"] === "run");

test("[I10] npm ci installs a package through the proxy and its test runs; hosts of pip and curl are refused by name", async () => {
  await using packages = await registry();
  // npm would not use the proxy for this address, which is the machine's and not the sandbox's.
  const npm = "NO_PROXY= no_proxy= npm --no-audit --no-fund --no-update-notifier --cache /tmp/npm";
  const script = [
    `echo '{"name":"app","version":"1.0.0","scripts":{"test":"node -e \\"process.exit(require(\\\\\\"tiny-sum\\\\\\")(1,2)-3)\\""}}' >package.json`,
    `echo registry=http://${packages.host}/ >.npmrc; ${npm} install --package-lock-only tiny-sum && rm -rf node_modules && ${npm} ci && npm test`,
    "python3 -m pip --disable-pip-version-check --retries 0 download tiny-sum; curl -sS https://example.org/",
  ];
  await using model = await ModelProcess.start([...script.map(run), finish]);
  await using server = await ServerProcess.start({ env: { ...model.env, DECKHAND_NETWORK_ALLOW: packages.host } });
  const socket = await start(server, "install it");
  await socket.state("finished");
  const [, installed, refused] = runs(socket);
  assert.equal(installed?.["extras"].exit_code, 0, installed?.["content"]);
  assert.ok(packages.asked.some((path) => path.endsWith(".tgz")));
  assert.deepEqual(
    refused?.["extras"].network.refused.map((each: { host: string }) => each.host),
    ["pypi.org", "example.org"],
  );
  const requests = await model.requests();
  assert.match(
    JSON.stringify(requests.at(-1)),
    /\[Network: pypi\.org:443 is not on the list of allowed hosts; example\.org:443/,
  );

  const network = await networkOf(server);
  assert.equal(network["mode"], "allow");
  assert.ok(network["hosts"].some((each: Frame) => each["host"] === "127.0.0.1" && each["down_bytes"] > 500));
  assert.ok(network["hosts"].some((each: Frame) => each["host"] === "pypi.org" && each["refused"] > 0));
  assert.equal(network["connections"][0].rule, packages.host);
  assert.equal((await fetch(`${server.url}/api/conversations/nobodys/network`)).status, 404);
  socket.close();
});

test("[I7] a person allows a refused host once; this survives a restart, and the model is informed but cannot allow hosts itself", async () => {
  await using packages = await registry();
  const fetchIt = run(`curl -sS --noproxy x http://${packages.host}/tiny-sum`);
  const cannot: ScriptReply = { calls: [{ name: "allow_host", arguments: { host: "example.org" } }] };
  await using model = await ModelProcess.start([fetchIt, cannot, finish, fetchIt, finish, fetchIt, finish]);
  const env = { ...model.env, DECKHAND_NETWORK_ALLOW: "registry.npmjs.org" };
  await using server = await ServerProcess.start({ env });
  const socket = await start(server, "fetch it");
  await socket.state("finished");
  const [{ rule } = {}] = runs(socket)[0]?.["extras"].network.refused ?? [];
  assert.equal(rule, packages.host);
  assert.equal(packages.asked.length, 0);
  assert.ok(socket.frames.some((frame) => frame["observation"] === "error" && frame["extras"].code === "unknown_tool"));

  socket.send({ action: "allow_host", args: { host: rule }, ...on, command: "a" });
  await socket.next((frame) => frame["ack"]?.command === "a");
  socket.send({ action: "allow_host", args: { host: rule }, ...on, command: "b" });
  assert.equal((await socket.next((frame) => frame["error"]?.command === "b"))["error"].code, "already_done");
  socket.send({ action: "allow_host", args: { host: "not a host" }, ...on, command: "c" });
  assert.equal((await socket.next((frame) => frame["error"]?.command === "c"))["error"].code, "bad_args");
  socket.send({ action: "message", args: { content: "again" }, ...on, command: "m" });
  await socket.next(() => runs(socket).length === 2);
  assert.match(runs(socket)[1]?.["content"], /"tiny-sum"/);
  await socket.next(() => socket.frames.filter((frame) => frame["extras"]?.agent_state === "finished").length === 2);
  assert.match(
    JSON.stringify((await model.requests()).at(-1)),
    /The user decided: Commands in this conversation may access 127\.0\.0\.1/,
  );
  socket.close();

  await server.end("SIGKILL");
  await using again = await ServerProcess.start({ env, home: server.home });
  const later = await start(again, "once more");
  await later.next(() => runs(later).length === 3);
  assert.match(runs(later)[2]?.["content"], /"tiny-sum"/);
  assert.deepEqual((await networkOf(again))["allowed"], [rule]);
  later.send({ action: "allow_host", args: { host: rule, allowed: false }, ...on, command: "d" });
  await later.next((frame) => frame["ack"]?.command === "d");
  assert.deepEqual((await networkOf(again))["allowed"], []);
  later.close();
});
