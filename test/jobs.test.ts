/** Background commands, from the model's reply to the end of their processes. */
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
const seconds = (n: number): number => 31_700_000 + process.pid * 20 + n;
const call = (name: string, args: object): ScriptReply => ({ calls: [{ name, arguments: args }] });
const inBackground = (command: string): ScriptReply => call("run", { command, background: true });
const back: ScriptReply = { text: "Back." };

const tasks: Readonly<Record<string, readonly ScriptReply[]>> = {
  "one that ends by itself": [
    inBackground("sleep 0.7; echo built; exit 4"),
    call("run", { command: "while ! [ -e go ]; do sleep 0.1; done" }),
    back,
    back,
  ],
  "one that is typed into": [call("run", { command: "read -p 'Name? ' name; echo Hello $name", tty: true }), back],
  "one that outlives its time": [
    call("run", { command: `echo begun; sleep ${seconds(1)}`, timeout: 0.3 }),
    call("run", { command: "echo next" }),
    back,
    back,
  ],
  "one whose server is killed": [inBackground(`setsid sleep ${seconds(2)}`), back],
  "one whose server is stopped": [inBackground(`setsid sleep ${seconds(2)}`), back],
  "one in a conversation that is deleted": [
    inBackground(`(setsid sleep ${seconds(3)} &); nohup sleep ${seconds(3)}`),
    call("run", { command: `sleep ${seconds(3)} &` }),
    back,
  ],
};

let home: string;
let model: ModelProcess;
let server: ServerProcess;
before(async () => {
  home = await mkdtemp(join(tmpdir(), "deckhand-jobs-"));
  model = await ModelProcess.start([], {
    conversations: Object.entries(tasks).map(([when, replies]) => ({ when, replies })),
  });
  server = await ServerProcess.start({ home, env: model.env });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const idOf = (task: string): string => task.replaceAll(/\W/g, "-");

async function begin(task: string): Promise<RawSocket> {
  const conversation = idOf(task);
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task }, conversation });
  socket.send({ subscribe: { conversation } });
  return socket;
}

const jobOf = (frame: Frame): Frame => (frame["extras"] as Frame)?.["job"] as Frame;
const started = (socket: RawSocket): Promise<Frame> =>
  socket.next((frame) => frame["observation"] === "run" && jobOf(frame) !== undefined);
const sleeps = async (n: number): Promise<number> => (await processesWith(`sleep\0${seconds(n)}`)).length;

async function ask(socket: RawSocket, task: string, action: string, args: object): Promise<Frame> {
  const from = socket.frames.length;
  socket.send({ action, args, conversation: idOf(task) });
  const asked = await socket.next((frame) => frame["action"] === action, { from });
  return socket.next((frame) => frame["cause"] === asked["id"] && "observation" in frame, { from });
}

test("[O3] a job that exits adds one event, and the model learns of it in its next step", async () => {
  const task = "one that ends by itself";
  using socket = await begin(task);
  const { id } = jobOf(await started(socket)) as { id: string };
  const ended = await socket.next((frame) => frame["observation"] === "job");
  assert.deepEqual([ended["cause"], ended["source"]], [undefined, "environment"]);
  assert.deepEqual(jobOf(ended), { id, state: "ended", exit_code: 4 });
  assert.match(ended["content"], /has ended with exit code 4\. Its last output:\nbuilt$/);
  await ask(socket, task, "write", { path: "go", content: "" });
  await socket.state("awaiting_user_input");
  const requests = await model.requests();
  const last = requests.findLast(({ body }) => JSON.stringify(body).includes(task));
  assert.match(
    JSON.stringify(last?.body.messages.slice(-2)),
    new RegExp(`Job ${id} .*has ended with exit code 4.*built`),
  );
  assert.equal(socket.frames.filter((frame) => frame["observation"] === "job").length, 1);
});

test("[O4] a person types into a job, reads its output and ends it while the agent works", async () => {
  const task = "one that is typed into";
  using socket = await begin(task);
  const run = await started(socket);
  assert.equal(run["content"], "Name?");
  assert.deepEqual([run["extras"].screen.rows, run["extras"].screen.cursor_col], [30, 6]);
  const { id } = jobOf(run) as { id: string };
  const ended = await ask(socket, task, "job", { id, input: "Bob\n", wait: 10 });
  assert.deepEqual(jobOf(ended), { id, state: "ended", exit_code: 0 });
  assert.match(ended["content"], /Hello Bob/);
  const none = await ask(socket, task, "job", { id: "j0" });
  assert.equal(none["extras"].code, "bad_tool_args");
});

test("[O5] a command that exceeds its time-out continues as a job; a stop leaves it running, a stop with `jobs` ends it", async () => {
  const task = "one that outlives its time";
  using socket = await begin(task);
  const run = await started(socket);
  assert.deepEqual([run["extras"].exit_code, run["extras"].ended_by], [-1, undefined]);
  const next = await socket.next((frame) => frame["content"] === "next\n");
  assert.equal(next["extras"].exit_code, 0);
  await socket.state("awaiting_user_input");
  const conversation = idOf(task);
  socket.send({ action: "change_agent_state", args: { agent_state: "stopped" }, conversation });
  await socket.state("stopped");
  assert.equal(await sleeps(1), 1);
  const from = socket.frames.length;
  socket.send({ action: "change_agent_state", args: { agent_state: "stopped", jobs: true }, conversation });
  await until(async () => (await sleeps(1)) === 0);
  const ended = await socket.next((frame) => frame["observation"] === "job", { from });
  assert.deepEqual(jobOf(ended), { id: jobOf(run)["id"], state: "ended", exit_code: 137 });
});

test("[O6] deleting a conversation ends all processes of its jobs, however they tried to escape", async () => {
  const task = "one in a conversation that is deleted";
  using socket = await begin(task);
  await socket.state("awaiting_user_input");
  await until(async () => (await sleeps(3)) === 3);
  await fetch(`${server.url}/api/conversations/${idOf(task)}`, { method: "DELETE" });
  assert.equal(await sleeps(3), 0);
});

test("[O7] jobs end with their server, killed or stopped, and the log records it at the next start", async () => {
  const ways = { "one whose server is killed": "SIGKILL", "one whose server is stopped": "SIGTERM" } as const;
  for (const [task, signal] of Object.entries(ways)) {
    using socket = await begin(task);
    const { id } = jobOf(await started(socket)) as { id: string };
    await socket.state("awaiting_user_input");
    await until(async () => (await sleeps(2)) === 1);
    await server.end(signal);
    await until(async () => (await sleeps(2)) === 0);
    server = await ServerProcess.start({ home, env: model.env });
    using again = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
    again.send({ subscribe: { conversation: idOf(task) } });
    const gone = await again.next((frame) => frame["observation"] === "job");
    assert.deepEqual(jobOf(gone), { id, state: "ended", exit_code: -1 });
    assert.match(gone["content"], /is gone: the server was stopped/);
  }
});
