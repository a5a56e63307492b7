import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ModelProcess } from "./kit/model-process.ts";
import { processesWith, until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const logOf = async (server: ServerProcess): Promise<Frame[]> => {
  const response = await fetch(`${server.url}/api/conversations/c/events?limit=100`);
  return ((await response.json()) as { events: Frame[] }).events;
};

test("[E7] kill -9 in the middle of a command: the log is whole, nothing runs on, the next message works", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-crash-"));
  const seconds = 31_536_000 + process.pid;
  await using model = await ModelProcess.start([
    { calls: [{ name: "run", arguments: { command: `echo begun > begun; sleep ${seconds}` } }] },
    { calls: [{ name: "run", arguments: { command: "cat begun" } }] },
    { calls: [{ name: "finish", arguments: { thought: "Looked, then went on." } }] },
  ]);
  const first = await ServerProcess.start({ home, env: model.env });
  const socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c", command: "1" });
  socket.send({ subscribe: { conversation: "c" } });
  await socket.next((frame) => frame["action"] === "run");
  await until(
    async () =>
      (await processesWith(`sleep ${seconds}`)).length > 0 || (await processesWith(`sleep\0${seconds}`)).length > 0,
    5000,
  );
  const seen = socket.frames.filter((frame) => "id" in frame && "timestamp" in frame);
  await first.end("SIGKILL");
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0, 1000);

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
  assert.equal((await model.requests()).length, 1, "nothing was asked of the model by itself");

  using again = await RawSocket.open(second.wsUrl, ["deckhand.v1"]);
  again.send({ subscribe: { conversation: "c", after: state?.["id"] } });
  again.send({ action: "message", args: { content: "go on" }, conversation: "c", command: "2" });
  await again.state("finished");
  const ran = again.frames.find((frame) => frame["observation"] === "run");
  assert.equal(ran?.["content"], "begun\n");
  const requests = await model.requests();
  const told = requests[1]?.body.messages.find((message) => message.role === "tool");
  assert.match(JSON.stringify(told), /outcome is unknown.*Look at what it did before repeating it/);
  await second.end();
  await rm(home, { recursive: true, force: true });
});

test("[E8] SIGTERM ends the server within two seconds, says so in the log, and leaves no process", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-term-"));
  const seconds = 31_537_000 + process.pid;
  await using model = await ModelProcess.start([
    { calls: [{ name: "run", arguments: { command: `sleep ${seconds}` } }] },
  ]);
  const first = await ServerProcess.start({ home, env: model.env });
  const socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c" });
  socket.send({ subscribe: { conversation: "c" } });
  await socket.next((frame) => frame["action"] === "run");
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length > 0, 5000);
  const startedAt = performance.now();
  assert.equal(await first.end("SIGTERM"), 0);
  assert.ok(performance.now() - startedAt < 2000);
  assert.equal(await socket.closed, 1012);
  assert.deepEqual(await processesWith(`sleep\0${seconds}`), []);
  await using second = await ServerProcess.start({ home, env: model.env });
  const log = await logOf(second);
  const action = log.find((event) => event["action"] === "run");
  assert.equal(log.filter((event) => event["cause"] === action?.["id"]).length, 1);
  assert.equal(log.findLast((event) => event["extras"]?.agent_state !== undefined)?.["extras"].agent_state, "paused");
  await second.end();
  await rm(home, { recursive: true, force: true });
});

test("[E9] a second server on the same home is refused with the process that holds it", async () => {
  await using first = await ServerProcess.start();
  await assert.rejects(
    ServerProcess.start({ home: first.home }),
    new RegExp(`process ${first.pid}\\b[\\s\\S]*DECKHAND_HOME`),
  );
  assert.equal((await fetch(`${first.url}/api/health`)).status, 200);
});
