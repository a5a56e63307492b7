import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

test("[E23] a repository's instructions and the skill that a task needs reach the model, and everybody sees which were read", async () => {
  await using model = await ModelProcess.start([
    { calls: [{ name: "read", arguments: { path: ".agents/skills/harbour/SKILL.md" } }] },
    { calls: [{ name: "finish", arguments: { thought: "The harbour master is Ottilie." } }] },
    { text: "As before." },
  ]);
  await using server = await ServerProcess.start({ env: model.env });
  await mkdir(join(server.workspace, ".agents/skills/harbour"), { recursive: true });
  await writeFile(join(server.workspace, "AGENTS.md"), "Call everybody captain.");
  await writeFile(
    join(server.workspace, ".agents/skills/harbour/SKILL.md"),
    "---\nname: harbour\ndescription: Who runs the harbour.\n---\nThe harbour master is Ottilie.",
  );
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "Who is harbour master?" }, conversation: "c", command: "1" });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await socket.state("finished");
  const told = socket.frames.find((frame) => frame["observation"] === "knowledge");
  assert.match(told?.["message"] as string, /AGENTS\.md, \.agents\/skills\/harbour\/SKILL\.md\.$/);
  const [first, second] = (await model.requests()).map(({ body }) => JSON.stringify(body.messages));
  assert.match(first ?? "", /Call everybody captain\..*- harbour .*Who runs the harbour\..*Who is harbour master\?/);
  assert.ok(!first?.includes("Ottilie") && second?.includes("The harbour master is Ottilie."));

  socket.send({ action: "message", args: { content: "And now?" }, conversation: "c", command: "2" });
  await socket.state("awaiting_user_input");
  assert.equal(socket.frames.filter((frame) => frame["observation"] === "knowledge").length, 1);
});
