import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = promisify(execFile);
const task = "write a bash script that prints hello";

/** The five lines of the README: a client that sends one frame gets its task done. */
async function runsFirstTask(server: ServerProcess): Promise<readonly Frame[]> {
  using socket = await RawSocket.open(server.wsUrl);
  socket.send({ action: "start", args: { task } });
  await socket.state("finished");
  const { frames } = socket;
  assert.equal(typeof frames[0]?.["token"], "string");

  const ids = frames.filter((frame) => "id" in frame && "timestamp" in frame).map((frame) => frame["id"] as number);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
    "ids grow",
  );
  assert.equal(new Set(ids).size, ids.length, "ids are unique");

  const actions = frames.filter((frame) => ["run", "write", "read"].includes(frame["action"] as string));
  assert.ok(actions.length >= 2);
  for (const action of actions) {
    const answers = frames.filter((frame) => frame["cause"] === action["id"]);
    assert.equal(answers.length, 1, `one observation of ${JSON.stringify(action["args"])}`);
    assert.equal(answers[0]?.["observation"], action["action"]);
  }
  assert.equal(frames.findLast((frame) => "action" in frame)?.["action"], "finish");

  const script = join(server.workspace, "hello.sh");
  const { stdout } = await run("bash", [script]);
  assert.equal(stdout, "hello\n");
  const owner = await stat(server.workspace);
  assert.equal((await stat(script)).uid, owner.uid, "new files belong to the workspace's owner");
  return frames;
}

test("[E1] the five-line client works with the demo model, whose first message says that it is a script", async () => {
  await using server = await ServerProcess.start();
  const frames = await runsFirstTask(server);
  const message = frames.find((frame) => frame["source"] === "agent" && "action" in frame);
  assert.match(JSON.stringify(message), /a script, not a language model/);
});

test("[E2] the five-line client works with a model over HTTP", async () => {
  await using model = await ModelProcess.start([
    {
      text: "I write it.",
      calls: [{ name: "write", arguments: { path: "hello.sh", content: '#!/bin/bash\necho "hello"\n' } }],
    },
    { calls: [{ name: "run", arguments: { command: "bash hello.sh" } }] },
    { calls: [{ name: "finish", arguments: { thought: "hello.sh prints hello." } }] },
  ]);
  await using server = await ServerProcess.start({ env: model.env });
  await runsFirstTask(server);
  const requests = await model.requests();
  assert.equal(requests.length, 3);
  for (const [index, { body }] of requests.slice(1).entries()) {
    const before = requests[index]?.body.messages ?? [];
    assert.deepEqual(body.messages.slice(0, before.length), before, "each request starts with the previous one");
  }
  const log = await readFile(join(server.home, "deckhand.db"));
  const wal = await readFile(join(server.home, "deckhand.db-wal")).catch(() => Buffer.alloc(0));
  for (const bytes of [log, wal]) assert.ok(!bytes.includes("sk-canary-key"), "the key is not in the log");
});

test("[E3] the demo model answers an unknown task with how to configure a real model", async () => {
  await using server = await ServerProcess.start();
  using socket = await RawSocket.open(server.wsUrl);
  socket.send({ action: "start", args: { task: "rewrite the kernel" } });
  await socket.state("awaiting_user_input");
  const message = socket.frames.find((frame) => frame["action"] === "message");
  assert.match(message?.["message"] as string, /LLM_MODEL[\s\S]*LLM_API_KEY/);
});
