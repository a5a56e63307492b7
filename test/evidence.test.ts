import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string): ScriptReply => ({ calls: [{ name: "run", arguments: { command } }] });
const finish: ScriptReply = {
  calls: [
    {
      name: "finish",
      arguments: { thought: "Done.", checks: [{ claim: "the check passes", command: "sh check.sh" }] },
    },
  ],
};

test("[EV3] a change that a command makes after the check is found by the checkpoints, and the final message names it", async () => {
  await using model = await ModelProcess.start([
    run("printf 'exit 0\\n' > check.sh"),
    run("sh check.sh"),
    run("sed -i 's/0/0 # still/' check.sh"),
    finish,
    run("sh check.sh"),
    finish,
  ]);
  const env = { ...model.env, DECKHAND_CHECKPOINTS: "true", DECKHAND_APPROVAL: "never" };
  await using server = await ServerProcess.start({ env });
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "check it" }, conversation: "c", command: "1" });
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await socket.state("finished");
  const refused = socket.frames.find((frame) => frame["observation"] === "error");
  assert.match(refused?.["content"] as string, /^"the check passes": files changed after `sh check\.sh` ran\.\n/);
  const last = socket.frames.findLast((frame) => frame["observation"] === "run");
  const finished = socket.frames.find((frame) => frame["action"] === "finish");
  assert.deepEqual(finished?.["args"], {
    thought: "Done.",
    outputs: {},
    evidence: [
      { claim: "the check passes", command: "sh check.sh", verdict: "shown", event: last?.["id"], exit_code: 0 },
    ],
    changes: {
      files: [{ status: "added", path: "check.sh", added_lines: 1, deleted_lines: 0 }],
      changed_files: 1,
      added_lines: 1,
      deleted_lines: 0,
    },
  });
});
