/** Stopping and pausing an agent, leaving it, and stopping the server, whatever the agent is doing. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { processesWith, until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

/** A duration that no other process on this machine sleeps, which identifies the process. */
const seconds = (n: number): number => 31_600_000 + process.pid * 10 + n;
const run = (command: string): ScriptReply => ({ calls: [{ name: "run", arguments: { command } }] });
const finish: ScriptReply = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };
const back: ScriptReply = { text: "Back." };

const tasks: Readonly<Record<string, readonly ScriptReply[]>> = {
  "a long command": [run(`sleep ${seconds(1)}`), back],
  "a command that ignores signals": [run(`trap '' TERM INT HUP; while :; do sleep ${seconds(2)}; echo; done`), back],
  "a grandchild with a session of its own": [
    run(`setsid sh -c 'trap "" TERM INT; sleep ${seconds(3)}; :' & sleep ${seconds(3)}`),
    back,
  ],
  "a model that never answers": [{ hang: true }, back],
  "a wait for the rate limit": [{ status: 429, headers: { "retry-after": "30" } }, back],
  "two commands": [run("echo 1 >> steps; sleep 0.5"), run("echo 2 >> steps"), back],
  "left alone": [run("sleep 0.3; echo alone > left"), finish],
  "a subagent": [{ calls: [{ name: "delegate", arguments: { agent: "tester", task: "DELEGATED" } }] }, back],
  DELEGATED: [run(`sleep ${seconds(5)}`), finish],
};

let model: ModelProcess;
let server: ServerProcess;
before(async () => {
  model = await ModelProcess.start([], {
    conversations: Object.entries(tasks).map(([when, replies]) => ({ when, replies })),
  });
  server = await ServerProcess.start({ env: model.env });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

const idOf = (task: string): string => task.replaceAll(/\W/g, "-");

async function begin(task: string): Promise<RawSocket> {
  const conversation = idOf(task);
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task }, conversation });
  socket.send({ subscribe: { conversation } });
  await socket.next((frame) => frame["observation"] === "chat");
  return socket;
}

function ask(socket: RawSocket, task: string, state: "stopped" | "paused" | "running"): void {
  socket.send({ action: "change_agent_state", args: { agent_state: state }, conversation: idOf(task) });
}

/** Stops the task once `isBusy` resolves. Everything must end within a second, and the next message must work. */
async function stops(
  task: string,
  isBusy: (socket: RawSocket) => Promise<unknown>,
  sleeping?: number,
): Promise<Frame[]> {
  using socket = await begin(task);
  await isBusy(socket);
  const startedAt = performance.now();
  ask(socket, task, "stopped");
  await socket.state("stopped");
  const action = socket.frames.find((frame) => frame["action"] === "run");
  if (action !== undefined) await socket.next((frame) => frame["cause"] === action["id"] && "observation" in frame);
  if (sleeping !== undefined) {
    await until(async () => (await processesWith(String(sleeping))).length === 0, 1000);
  }
  assert.ok(performance.now() - startedAt < 1000, `${performance.now() - startedAt} ms`);
  const from = socket.frames.length;
  socket.send({ action: "message", args: { content: "and now?" }, conversation: idOf(task) });
  await socket.state("awaiting_user_input", from);
  assert.equal(socket.frames.findLast((frame) => frame["action"] === "message")?.["message"], "Back.");
  return socket.frames;
}

const sleeps = (n: number, count: number) => () =>
  until(async () => (await processesWith(`sleep\0${seconds(n)}`)).length >= count);

test("[X14] a stop ends a command within a second and leaves no process of it", async () => {
  const frames = await stops("a long command", sleeps(1, 1), seconds(1));
  const ran = frames.find((frame) => frame["observation"] === "run");
  assert.deepEqual([ran?.["extras"].exit_code, ran?.["extras"].ended_by], [130, "stop"]);
});

test("[X14] a stop ends a command that ignores signals", async () => {
  await stops("a command that ignores signals", sleeps(2, 1), seconds(2));
});

test("[X14] a stop ends a grandchild that is in a session of its own and ignores signals", async () => {
  await stops("a grandchild with a session of its own", sleeps(3, 2), seconds(3));
});

test("[X14] a stop ends a call of a model that never answers", async () => {
  const isRequested = async (): Promise<boolean> =>
    (await model.requests()).some(({ body }) => JSON.stringify(body).includes("a model that never answers"));
  await stops("a model that never answers", () => until(isRequested));
});

test("[X14] a stop ends a wait for a rate limit", async () => {
  await stops("a wait for the rate limit", (socket) => socket.next((frame) => frame["observation"] === "status"));
});

test("[DG8] a stop of the parent ends its subagent and the subagent's command", async () => {
  await stops("a subagent", sleeps(5, 1), seconds(5));
});

test("[X15] a pause lets the command end and starts nothing; resuming does", async () => {
  using socket = await begin("two commands");
  await socket.next((frame) => frame["action"] === "run");
  ask(socket, "two commands", "paused");
  await socket.state("paused");
  const ran = await socket.next((frame) => frame["observation"] === "run");
  assert.equal(ran["extras"].exit_code, 0);
  const from = socket.frames.length;
  // Commands run in order, so the turn has had the chance to continue by then.
  socket.send({ action: "run", args: { command: "sleep 0.2; cat steps" }, conversation: idOf("two commands") });
  const listed = await socket.next((frame) => frame["observation"] === "run", { from });
  assert.equal(listed["content"], "1\n");
  ask(socket, "two commands", "running");
  await socket.state("awaiting_user_input", from);
  const commands = socket.frames.filter((frame) => frame["action"] === "run" && frame["source"] === "agent");
  assert.equal(commands.length, 2);
});

test("[X16] the agent continues when its client disconnects", async () => {
  (await begin("left alone"))[Symbol.dispose]();
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ subscribe: { conversation: idOf("left alone") } });
  await socket.state("finished");
  assert.equal(socket.frames.find((frame) => frame["observation"] === "run")?.["extras"].exit_code, 0);
});

test("[E8] SIGTERM ends the server within two seconds, is recorded in the log, and leaves no process", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-term-"));
  await using sleeper = await ModelProcess.start([run(`sleep ${seconds(6)}`)]);
  await using first = await ServerProcess.start({ home, env: sleeper.env });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c" });
  socket.send({ subscribe: { conversation: "c" } });
  await socket.next((frame) => frame["action"] === "run");
  await sleeps(6, 1)();
  const startedAt = performance.now();
  assert.equal(await first.end("SIGTERM"), 0);
  assert.ok(performance.now() - startedAt < 2000);
  assert.equal(await socket.closed, 1012);
  assert.deepEqual(await processesWith(`sleep\0${seconds(6)}`), []);
  await using second = await ServerProcess.start({ home, env: sleeper.env });
  const response = await fetch(`${second.url}/api/conversations/c/events?limit=100`);
  const { events: log } = (await response.json()) as { events: Frame[] };
  const action = log.find((event) => event["action"] === "run");
  assert.equal(log.filter((event) => event["cause"] === action?.["id"]).length, 1);
  assert.equal(log.findLast((event) => event["extras"]?.agent_state !== undefined)?.["extras"].agent_state, "paused");
  await second.end();
  await rm(home, { recursive: true, force: true });
});
