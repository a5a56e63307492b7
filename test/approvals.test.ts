/** Approvals over real sockets, including a server that is killed while one is pending. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "@deckhand/client";
import { CliProcess } from "./kit/cli-process.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string): ScriptReply => ({ calls: [{ name: "run", arguments: { command } }] });
const finish: ScriptReply = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };
const on = { conversation: "c" };

async function open(server: ServerProcess, after = -1): Promise<RawSocket> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ subscribe: { ...on, after } });
  return socket;
}

/** Starts a task in a conversation that requires approval for everything, and waits for the request. */
async function ask(server: ServerProcess, settings: object = { approval: "always" }): Promise<[RawSocket, Frame]> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "initialize", args: settings, ...on, command: "1" });
  socket.send({ action: "start", args: { task: "go" }, ...on, command: "2" });
  await socket.next((frame) => frame["ack"]?.command === "2");
  socket.send({ subscribe: on });
  return [socket, await socket.next((frame) => frame["approval"] !== undefined)];
}

const observations = (socket: RawSocket, id: number): Frame[] =>
  socket.frames.filter((frame) => frame["cause"] === id && "observation" in frame);

test("[Q12] an action that is allowed over a socket runs once; if two clients answer at the same time, the first answer counts", async () => {
  await using model = await ModelProcess.start([run("echo ran >> ran"), finish]);
  await using server = await ServerProcess.start({ env: model.env });
  const [one, waiting] = await ask(server);
  using two = await open(server);
  const seen = await two.next((frame) => frame["approval"] !== undefined);
  assert.deepEqual(seen, waiting, "a new subscriber sees the pending action");
  two.send({ action: "message", args: { content: "yes" }, ...on, command: "m" });
  await two.next((frame) => frame["ack"]?.command === "m");
  assert.ok(!existsSync(join(server.workspace, "ran")), "a message approves nothing");

  const args = { id: waiting["id"], decision: "allow" };
  one.send({ action: "approve", args, ...on, command: "a" });
  two.send({ action: "approve", args, ...on, command: "b" });
  const verdict = async (socket: RawSocket, command: string): Promise<Frame> =>
    socket.next((frame) => frame["ack"]?.command === command || frame["error"]?.command === command);
  const verdicts = await Promise.all([verdict(one, "a"), verdict(two, "b")]);
  assert.equal(verdicts.filter((frame) => "ack" in frame).length, 1);
  const refusal = verdicts.find((frame) => "error" in frame);
  assert.equal(refusal?.["error"].code, "already_done");
  assert.match(refusal?.["error"].message, /already allowed by a client/);
  await one.state("finished");
  assert.equal(observations(one, waiting["id"]).length, 1);
  assert.equal(observations(one, waiting["id"])[0]?.["extras"].exit_code, 0);
  one[Symbol.dispose]();
});

test("[Q12] an action that is denied over a socket never runs, and the reason is in the next model request", async () => {
  await using model = await ModelProcess.start([run("echo ran > ran"), finish]);
  await using server = await ServerProcess.start({ env: model.env });
  const [socket, waiting] = await ask(server);
  const args = { id: waiting["id"], decision: "deny", reason: "not in this folder" };
  socket.send({ action: "approve", args, ...on });
  await socket.state("finished");
  assert.ok(!existsSync(join(server.workspace, "ran")));
  assert.match(JSON.stringify((await model.requests())[1]?.body.messages.at(-1)), /denied.*not in this folder/);
  socket[Symbol.dispose]();
});

test("[Q12] after being killed while an approval is pending, the restarted server still asks for it until the announced deadline", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-approval-"));
  await using model = await ModelProcess.start([run("echo ran >> ran"), run("echo two >> ran"), finish]);
  const first = await ServerProcess.start({ home, env: { ...model.env, DECKHAND_APPROVAL: "always" } });
  const [before, waiting] = await ask(first, { approval_seconds: 3 });
  await first.end("SIGKILL");
  const last = before.frames.findLast((frame) => "timestamp" in frame);

  await using second = await ServerProcess.start({ home, env: { ...model.env, DECKHAND_APPROVAL: "always" } });
  using after = await open(second, -1);
  const caughtUp = await after.next((frame) => "caught_up" in frame);
  const again = after.frames.find((frame) => frame["approval"] !== undefined);
  assert.deepEqual(again, waiting);
  if (Date.now() < Date.parse(waiting["approval"].expires_at)) {
    assert.equal(caughtUp["caught_up"].id, last?.["id"], "the restart added no event");
  }
  assert.ok(!existsSync(join(second.workspace, "ran")), "nothing was run");
  const answer = await after.next((frame) => frame["cause"] === waiting["id"]);
  assert.equal(answer["observation"], "user_rejected");
  assert.ok(Date.parse(answer["timestamp"]) >= Date.parse(waiting["approval"].expires_at));
  assert.equal(observations(after, waiting["id"]).length, 1);
  assert.ok(!existsSync(join(second.workspace, "ran")));
  await second.end();
  await rm(home, { recursive: true, force: true });
});

test("[Q11] 0.14: a confirmed action is sent again with a second id, which its observation refers to", async () => {
  await using model = await ModelProcess.start([{ text: "Look.", ...run("echo hi") }, run("rm a"), { text: "Bye." }]);
  await using server = await ServerProcess.start({ env: model.env });
  using socket = await RawSocket.open(server.wsUrl, ["openhands", "NO_JWT", "NO_GITHUB"]);
  socket.send({ action: "initialize", args: { CONFIRMATION_MODE: true } });
  await socket.state("init");
  const from = socket.frames.length;
  socket.send({ action: "message", args: { content: "go" } });
  await socket.next((frame) => frame["args"]?.confirmation_state === "awaiting_confirmation");
  socket.send({ action: "change_agent_state", args: { agent_state: "user_confirmed" } });
  await socket.next((frame) => frame["args"]?.command === "rm a");
  socket.send({ action: "change_agent_state", args: { agent_state: "user_rejected" } });
  await socket.state("awaiting_user_input");
  const shown = socket.frames.slice(from);
  assert.deepEqual(
    shown.map((frame) => frame["extras"]?.agent_state ?? frame["args"]?.confirmation_state ?? frame["observation"]),
    [
      "running",
      "awaiting_user_confirmation",
      "awaiting_confirmation",
      "confirmed",
      "user_confirmed",
      "run",
      "running",
      "awaiting_user_confirmation",
      "awaiting_confirmation",
      "rejected",
      "user_rejected",
      "user_rejected",
      "awaiting_user_input",
    ],
  );
  const [yes, ran, no, denied] = [shown[3], shown[5], shown[9], shown[11]];
  assert.deepEqual([yes?.["args"].thought, shown[2]?.["args"].thought], ["", "Look."]);
  assert.deepEqual([ran?.["cause"], denied?.["cause"]], [yes?.["id"], no?.["id"]]);
  const ids = shown.map((frame) => frame["id"]);
  assert.equal(new Set(ids).size, ids.length);

  using resumed = await RawSocket.open(server.wsUrl, ["openhands", socket.frames[0]?.["token"], "NO_GITHUB"]);
  const replayed = await resumed.next((frame) => frame["observation"] === "user_rejected");
  assert.equal(replayed["cause"], no?.["id"]);
});

test("[Q17] `deckhand run` never asks: by default everything runs in the sandbox; otherwise actions are denied immediately", async () => {
  await using model = await ModelProcess.start([run("echo ran > ran"), finish, run("echo ran > never"), finish]);
  await using server = await ServerProcess.start({ env: { ...model.env, DECKHAND_APPROVAL: "always" } });
  const free = new CliProcess(["run", "--url", server.url, "go"]);
  assert.equal(await free.end(), 0, free.stderr);
  assert.ok(existsSync(join(server.workspace, "ran")));
  const asking = new CliProcess(["run", "--url", server.url, "--approval", "always", "go"]);
  assert.equal(await asking.end(), 0, asking.stderr);
  assert.match(asking.stdout, /nobody is available to approve it/);
  assert.ok(!existsSync(join(server.workspace, "never")));
  const wrong = new CliProcess(["run", "--url", server.url, "--approval", "sometimes", "go"]);
  assert.equal(await wrong.end(), 2);
});

test("[Q17] attach on a terminal explains how to answer, and accepts the answer", async () => {
  await using model = await ModelProcess.start([run("echo one > one"), run("echo two > two"), finish]);
  await using server = await ServerProcess.start({ env: { ...model.env, DECKHAND_APPROVAL: "always" } });
  const client = connect({ url: server.url });
  const { id } = await client.create({ task: "go" });
  client.close();
  const attached = new CliProcess(["attach", "--url", server.url, id], { terminal: true });
  await attached.prints("run echo one > one");
  await attached.prints("Answer with /allow or /deny REASON.");
  attached.type("/deny not that\r");
  await attached.prints("run echo two > two");
  attached.type("/allow\r");
  await attached.prints("Done.");
  attached.type("\u0003");
  assert.equal(await attached.end(), 0, attached.stderr);
  assert.deepEqual(
    ["one", "two"].map((name) => existsSync(join(server.workspace, name))),
    [false, true],
  );
});
