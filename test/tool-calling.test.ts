import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const script = 'for i in 1 2 3; do\n  echo "<b>$i & \\"more\\"</b>"\ndone\n';

const native: readonly ScriptReply[] = [
  { text: "I write it.", calls: [{ name: "write", arguments: { path: "count.sh", content: script } }] },
  { calls: [{ name: "run", arguments: { command: "sh count.sh", timeout: 20 } }] },
  { calls: [{ name: "finish", arguments: { thought: "It counts." } }] },
];

const written: readonly ScriptReply[] = [
  {
    text: `I write it.\n<function=write>\n<parameter=path>\ncount.sh\n</parameter>\n<parameter=content>\n${script}\n</parameter>\n</function>`,
  },
  { text: '<tool_call>{"name": "run", "arguments": {"command": "sh count.sh", "timeout": 20}}</tool_call>' },
  { text: "<function=finish>\n<parameter=thought>\nIt counts.\n</parameter>\n</function>" },
];

/** What was done, without ids, times and the model's own text, which always differ. */
async function solve(replies: readonly ScriptReply[], env: Readonly<Record<string, string>>): Promise<unknown> {
  await using model = await ModelProcess.start([...replies]);
  await using server = await ServerProcess.start({ env: { ...model.env, ...env } });
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "count to three" }, conversation: "c", command: "1" });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await socket.state("finished");
  assert.equal(await readFile(join(server.workspace, "count.sh"), "utf8"), script);
  const events = socket.frames.filter((frame) => "id" in frame && frame["source"] === "agent");
  return events
    .filter(({ observation }) => observation !== "reply")
    .map((event) => [event["action"] ?? event["observation"], event["args"], event["content"]])
    .map((step) => JSON.parse(JSON.stringify(step).replaceAll(server.home, "HOME")) as unknown);
}

test("[E22] a task takes the same steps with tool calling, with text tools, and with a model that rejects tools", async () => {
  const byCalls = await solve(native, {});
  assert.deepEqual(await solve(written, { LLM_NATIVE_TOOL_CALLING: "false" }), byCalls);
  const refusal: ScriptReply = { status: 400, body: { error: { message: "this model does not support tools" } } };
  assert.deepEqual(await solve([refusal, ...written], {}), byCalls);
});
