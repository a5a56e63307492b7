import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { tmpdir } from "node:os";
import { ModelProcess } from "./kit/model-process.ts";
import { processesWith, until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const logOf = async (server: ServerProcess): Promise<Frame[]> => {
  const response = await fetch(`${server.url}/api/conversations/c/events?limit=100`);
  return ((await response.json()) as { events: Frame[] }).events;
};

test("[E7] after kill -9 during a command the log is complete, nothing keeps running, and the next message works", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-crash-"));
  const seconds = 31_536_000 + process.pid;
  await using model = await ModelProcess.start([
    { calls: [{ name: "run", arguments: { command: `echo begun > begun; sleep ${seconds}` } }] },
    { calls: [{ name: "run", arguments: { command: "cat begun" } }] },
    { calls: [{ name: "finish", arguments: { thought: "Looked, then went on." } }] },
  ]);
  await using first = await ServerProcess.start({ home, env: model.env });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c", command: "1" });
  socket.send({ subscribe: { conversation: "c" } });
  await socket.next((frame) => frame["action"] === "run");
  await until(
    async () =>
      (await processesWith(`sleep ${seconds}`)).length > 0 || (await processesWith(`sleep\0${seconds}`)).length > 0,
  );
  const seen = socket.frames.filter((frame) => "id" in frame && "timestamp" in frame);
  await first.end("SIGKILL");
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0);

  await using second = await ServerProcess.start({ home, env: model.env });
  const log = await logOf(second);
  assert.deepEqual(
    log.map((event) => event["id"]),
    log.map((_, index) => index),
  );
  for (const event of seen) {
    const { conversation: _, ...stored } = event;
    assert.deepEqual(log[event["id"] as number], stored, "what a client saw is in the log");
  }
  const action = log.find((event) => event["action"] === "run");
  const [closed, state] = log.slice(-2);
  assert.equal(closed?.["cause"], action?.["id"]);
  assert.equal(closed?.["extras"].code, "outcome_unknown");
  assert.equal(state?.["extras"].agent_state, "paused");
  const list = (await (await fetch(`${second.url}/api/conversations`)).json()) as { conversations: Frame[] };
  assert.equal(list.conversations[0]?.["id"], "c");
  assert.equal((await model.requests()).length, 1, "the restart alone makes no model request");

  using again = await RawSocket.open(second.wsUrl, ["deckhand.v1"]);
  again.send({ subscribe: { conversation: "c", after: state?.["id"] } });
  again.send({ action: "message", args: { content: "go on" }, conversation: "c", command: "2" });
  await again.state("finished");
  const ran = again.frames.find((frame) => frame["observation"] === "run");
  assert.equal(ran?.["content"], "begun\n");
  const requests = await model.requests();
  const result = requests[1]?.body.messages.find((message) => message.role === "tool");
  assert.match(JSON.stringify(result), /outcome is unknown.*Check what it did before repeating it/);
  await second.end();
  await rm(home, { recursive: true, force: true });
});

test("[X24] an unknown outcome includes what the workspace shows of it, also if several actions ran at once", async () => {
  const seconds = 31_538_000 + process.pid;
  const command = `until [ -e go ]; do sleep 0.05; done; echo begun > begun; rm old; echo x > 'a b'; sleep ${seconds}`;
  await using model = await ModelProcess.start([{ calls: [{ name: "run", arguments: { command } }] }]);
  const home = await mkdtemp(join(tmpdir(), "deckhand-crash-"));
  await mkdir(join(home, "workspace", "src"), { recursive: true });
  await writeFile(join(home, "workspace", "src", "same"), "");
  await writeFile(join(home, "workspace", "old"), "");
  const long = new Date(Date.now() - 60_000);
  await utimes(join(home, "workspace", "src", "same"), long, long);
  await utimes(join(home, "workspace", "src"), long, long);
  await using first = await ServerProcess.start({ home, env: model.env });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c" });
  socket.send({ subscribe: { conversation: "c" } });
  await socket.next((frame) => frame["action"] === "run");
  for (const mine of ["one", "two"])
    socket.send({ action: "run", args: { command: `echo ${mine}` }, conversation: "c", command: mine });
  await socket.next((frame) => frame["ack"]?.command === "two");
  await writeFile(join(home, "workspace", "go"), "");
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length > 0);
  // The server records every second that it is alive.
  await delay(1100);
  await first.end("SIGKILL");
  await using second = await ServerProcess.start({ home, env: model.env });
  const closed = (await logOf(second)).filter((event) => event["extras"]?.code === "outcome_unknown");
  assert.equal(closed.length, 3);
  const [agents, one, two] = closed.map((event) => event["content"] as string);
  assert.match(
    agents ?? "",
    /ran for at least \d+(\.\d)? s\)\. In the workspace changed since it started: "a b", begun, go\. Several/,
  );
  for (const mine of [one, two])
    assert.match(mine ?? "", /Running command: echo (one|two) .*Several actions were running/);
  assert.doesNotMatch(closed.map((event) => event["content"] as string).join(), /same|src/);
  await second.end();
  await rm(home, { recursive: true, force: true });
});

test("[X24] after a crash during a write, the observation says whether the file was written", async () => {
  const write = { name: "write", arguments: { path: "note", content: "written\n" } };
  await using model = await ModelProcess.start([{ calls: [write] }]);
  for (const [place, says] of [
    ["acting:1", /The file does not exist\./],
    ["acted:1", /The file has the new content\./],
  ] as const) {
    const home = await mkdtemp(join(tmpdir(), "deckhand-crash-"));
    await using first = await ServerProcess.start({ home, env: { ...model.env, DECKHAND_FAILPOINT: place } });
    using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
    socket.send({ action: "start", args: { task: "write" }, conversation: "c" });
    await socket.closed;
    await using second = await ServerProcess.start({ home, env: model.env });
    const closed = (await logOf(second)).find((event) => event["extras"]?.code === "outcome_unknown");
    assert.match(closed?.["content"] as string, says);
    await second.end();
    await rm(home, { recursive: true, force: true });
  }
});

test("[X26] with DECKHAND_RESUME=always work continues automatically, and the model learns of unknown outcomes", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-crash-"));
  await using model = await ModelProcess.start([
    { calls: [1, 2].map((n) => ({ name: "run", arguments: { command: `echo ${n} >> lines` } })) },
    { calls: [{ name: "run", arguments: { command: "cat lines" } }] },
    { calls: [{ name: "finish", arguments: { thought: "Looked." } }] },
  ]);
  const env = { ...model.env, DECKHAND_RESUME: "always" };
  await using first = await ServerProcess.start({ home, env: { ...env, DECKHAND_FAILPOINT: "acted:1" } });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "two lines" }, conversation: "c" });
  await socket.closed;
  // Three more crashes just before the model request; after those a person must resume.
  for (let at = 0; at < 3; at += 1) {
    const server = await ServerProcess.start({ home, env: { ...env, DECKHAND_FAILPOINT: "asking:1" } }).catch(
      () => null,
    );
    if (server !== null) await until(async () => (await fetch(server.url).catch(() => null)) === null);
  }
  await using last = await ServerProcess.start({ home, env });
  assert.equal((await logOf(last)).at(-1)?.["extras"].agent_state, "paused");
  assert.equal((await model.requests()).length, 1);
  using again = await RawSocket.open(last.wsUrl, ["deckhand.v1"]);
  again.send({ subscribe: { conversation: "c" } });
  again.send({ action: "change_agent_state", args: { agent_state: "running" }, conversation: "c" });
  await again.state("finished");
  const log = await logOf(last);
  assert.deepEqual(
    log.flatMap((event) => (event["action"] === "run" ? [event["args"].command as string] : [])),
    ["echo 1 >> lines", "cat lines"],
    "calls after the one with an unknown outcome are not run",
  );
  assert.equal(log.find((event) => event["observation"] === "run")?.["content"], "1\n");
  const [, second] = await model.requests();
  assert.match(JSON.stringify(second?.body.messages), /outcome is unknown/);
  await last.end();
  await rm(home, { recursive: true, force: true });
});

test("[X26] with DECKHAND_RESUME=always work also continues to its end after an orderly shutdown", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-crash-"));
  await using model = await ModelProcess.start([
    { calls: [{ name: "run", arguments: { command: "echo begun > begun; sleep 600" } }] },
    { calls: [{ name: "finish", arguments: { thought: "Done." } }] },
  ]);
  const env = { ...model.env, DECKHAND_RESUME: "always" };
  await using first = await ServerProcess.start({ home, env });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c" });
  await until(() => existsSync(join(first.workspace, "begun")));
  assert.equal(await first.end("SIGTERM"), 0);
  await using second = await ServerProcess.start({ home, env });
  using again = await RawSocket.open(second.wsUrl, ["deckhand.v1"]);
  again.send({ subscribe: { conversation: "c" } });
  await again.state("finished");
  const log = await logOf(second);
  const asked = log.find((event) => event["action"] === "run");
  assert.equal(log.filter((event) => event["cause"] === asked?.["id"]).length, 1);
  assert.equal(log.find((event) => event["extras"]?.resumed !== undefined)?.["extras"].resumed, 1);
  assert.ok(!log.some((event) => event["extras"]?.agent_state === "paused"));
  await second.end();
  await rm(home, { recursive: true, force: true });
});

test("[E9] a second server on the same home fails to start and names the process that uses it", async () => {
  await using first = await ServerProcess.start();
  await assert.rejects(
    ServerProcess.start({ home: first.home }),
    new RegExp(`process ${first.pid}\\b[\\s\\S]*DECKHAND_HOME`),
  );
  assert.equal((await fetch(`${first.url}/api/health`)).status, 200);
});
