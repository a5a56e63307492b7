import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
after(() => server[Symbol.asyncDispose]());
await mkdir(join(server.workspace, "folder"), { recursive: true });
await writeFile(join(server.workspace, "binary"), Buffer.from([0xff, 0xfe, 0x00, 0xc3]));

/** Sends a frame and resolves with the first error. */
async function answer(socket: RawSocket, frame: Frame | string | Uint8Array): Promise<Frame> {
  const from = socket.frames.length;
  socket.send(frame);
  return socket.next((each) => "error" in each || each["observation"] === "error", { from });
}

async function assertWorks(socket: RawSocket, conversation?: string): Promise<void> {
  const from = socket.frames.length;
  socket.send({ action: "run", args: { command: "echo still here" }, conversation });
  if (conversation !== undefined) socket.send({ subscribe: { conversation } });
  const ran = await socket.next((frame) => frame["observation"] === "run", { from });
  assert.match(ran["content"] as string, /still here/);
}

test("[E10] classic: every invalid frame is answered with an error, and the socket stays usable", async () => {
  using socket = await RawSocket.open(server.wsUrl);
  await socket.next((frame) => "token" in frame);
  const error = async (frame: Frame | string | Uint8Array): Promise<string> => {
    const reply = await answer(socket, frame);
    assert.equal(reply["error"], true);
    return reply["message"] as string;
  };
  assert.equal(await error("not json"), "Invalid JSON");
  for (const bad of [
    "[1]",
    "7",
    "null",
    '"text"',
    "{}",
    '{"foo":1}',
    '{"action":7}',
    '{"action":"fly"}',
    '{"action":"__proto__"}',
  ]) {
    assert.ok(await error(bad), bad);
  }
  assert.equal(await error({ action: "start", args: {} }), "No task specified");
  assert.equal(await error({ action: "start", args: { task: 7 } }), "No task specified");
  assert.ok(await error({ action: "run", args: { cmd: "ls" } }));
  assert.ok(await error({ action: "run", args: "ls" }));
  assert.ok(await error({ action: "initialize", args: { AGENT: "NobodyAgent" } }));
  assert.ok(await error({ action: "initialize", args: { CONFIRMATION_MODE: "maybe" } }));
  assert.ok(await error({ action: "change_agent_state", args: { agent_state: "bogus" } }));
  assert.ok(await error({ observation: "run", content: "x", extras: {} }));
  assert.ok(await error(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`));
  assert.ok(await error(new Uint8Array([1, 2, 3])));
  await assertWorks(socket);
});

test("[E11] native: every invalid frame is answered with a code, and the socket stays usable", async () => {
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  const code = async (frame: Frame | string | Uint8Array): Promise<string> =>
    (await answer(socket, frame))["error"].code as string;
  const on = { conversation: "bad-native" };
  assert.equal(await code("not json"), "bad_json");
  for (const bad of [
    "[1]",
    "7",
    "null",
    '"text"',
    "{}",
    '{"foo":1}',
    '{"subscribe":7}',
    '{"subscribe":{"conversation":"x","after":"1"}}',
  ]) {
    assert.equal(await code(bad), "bad_frame", bad);
  }
  assert.equal(await code({ action: "fly", args: {}, ...on }), "unknown_kind");
  assert.equal(await code({ action: "start", args: { task: 7 }, ...on }), "bad_args");
  assert.equal(await code({ action: "run", args: { cmd: "ls" }, ...on }), "bad_args");
  assert.equal(await code({ action: "initialize", args: { agent_cls: "NobodyAgent" }, ...on }), "unknown_agent");
  assert.equal(await code({ subscribe: { conversation: "nobody" } }), "unknown_conversation");
  assert.equal(await code(new Uint8Array([1, 2, 3])), "binary_frame");
  await assertWorks(socket, "bad-native");
});

test("[E12] a frame of 10 MB closes its own socket with 1009, and no other", async () => {
  using other = await RawSocket.open(server.wsUrl);
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send(JSON.stringify({ action: "start", args: { task: "x".repeat(10_000_000) }, conversation: "big" }));
  assert.equal(await socket.closed, 1009);
  await assertWorks(other);
});

test("[E13] invalid paths and commands are answered by an observation of the action", async () => {
  using socket = await RawSocket.open(server.wsUrl);
  const observed = async (action: string, args: object): Promise<string> => {
    const reply = await answer(socket, { action, args });
    assert.equal(reply["observation"], "error");
    assert.equal(typeof reply["cause"], "number");
    return reply["content"] as string;
  };
  const { workspace } = server;
  assert.equal(
    await observed("read", { path: "nope.txt" }),
    `File not found: ${workspace}/nope.txt. Your current working directory is ${workspace}.`,
  );
  assert.equal(
    await observed("read", { path: "folder" }),
    `Path is a directory: ${workspace}/folder. You can only read files`,
  );
  assert.equal(
    await observed("write", { path: "folder", content: "" }),
    `Path is a directory: ${workspace}/folder. You can only write to files`,
  );
  assert.equal(await observed("read", { path: "binary" }), `File could not be decoded as utf-8: ${workspace}/binary.`);
  assert.match(await observed("read", { path: "../../../../../../etc/shadow" }), /^File not found: \/etc\/shadow/);
  assert.match(await observed("read", { path: join(server.home, "token") }), /^File not found/);
  assert.match(
    await observed("write", { path: "/etc/passwd", content: "x" }),
    /^Malformed paths not permitted: \/etc\/passwd/,
  );
  assert.match(
    await observed("write", { path: "../../../usr/escape.txt", content: "x" }),
    /^Malformed paths not permitted/,
  );
  assert.match(await observed("read", { path: "a\0b" }), /^Malformed paths not permitted/);
  assert.ok(await observed("run", { command: "echo a\0b" }));
  assert.match(await observed("browse", { url: server.url }), /private network/);
  assert.equal(
    await observed("run_ipython", { code: "1" }),
    "Action run_ipython is not supported in the current runtime.",
  );
  await assertWorks(socket);
});

/** The error that clients see for a model that behaves like this. */
async function failure(replies: readonly ScriptReply[], env: Record<string, string> = {}): Promise<Frame> {
  await using model = await ModelProcess.start(replies, { after: "repeat_last" });
  await using own = await ServerProcess.start({
    env: { ...model.env, LLM_NUM_RETRIES: "1", LLM_TIMEOUT: "0.3", ...env },
  });
  using socket = await RawSocket.open(own.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "go" }, conversation: "c" });
  socket.send({ subscribe: { conversation: "c" } });
  const error = await socket.next((frame) => frame["observation"] === "error" && frame["cause"] === undefined);
  await socket.state("error");
  assert.ok((error["content"] as string).length > 20);
  assert.doesNotMatch(JSON.stringify(socket.frames), /sk-canary/);
  return error;
}

test("[E14] a model that fails, hangs, or sends an empty or invalid reply ends the turn with a specific code", async () => {
  assert.equal((await failure([{ status: 401 }]))["extras"].code, "model_auth");
  assert.equal((await failure([{ status: 404 }]))["extras"].code, "model_not_found");
  assert.equal((await failure([{ hang: true }]))["extras"].code, "model_timeout");
  assert.equal((await failure([{ text: "" }]))["extras"].code, "model_empty_reply");
  const nonsense = await failure([{ status: 200, body: "data: <html>nonsense\n\n" }]);
  assert.match(nonsense["extras"].code as string, /^model_(bad_reply|unavailable|empty_reply)$/);
});

test("[E15] retries are shown with their reason, and the turn continues once the provider recovers", async () => {
  await using model = await ModelProcess.start([
    { status: 429, headers: { "retry-after-ms": "20" } },
    { status: 500 },
    { text: "Here", cut_after: 1 },
    { text: "Here I am." },
  ]);
  await using own = await ServerProcess.start({ env: model.env });
  using socket = await RawSocket.open(own.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "go" }, conversation: "c" });
  socket.send({ subscribe: { conversation: "c" } });
  await socket.state("awaiting_user_input");
  const statuses = socket.frames.filter((frame) => frame["observation"] === "status");
  assert.deepEqual(
    statuses.map((frame) => frame["extras"].code),
    ["model_rate_limited", "model_unavailable", "model_unavailable"],
  );
  assert.match(statuses[0]?.["content"] as string, /Retrying in /);
});
