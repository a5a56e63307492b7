import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

test("[E23] a repository's instructions and the skill that a task needs reach the model, and the log shows which files were read", async () => {
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
  const loaded = socket.frames.find((frame) => frame["observation"] === "instructions");
  assert.match(loaded?.["message"] as string, /AGENTS\.md, \.agents\/skills\/harbour\/SKILL\.md\.$/);
  const [first, second] = (await model.requests()).map(({ body }) => JSON.stringify(body.messages));
  assert.match(first ?? "", /Call everybody captain\..*- harbour .*Who runs the harbour\..*Who is harbour master\?/);
  assert.ok(!first?.includes("Ottilie") && second?.includes("The harbour master is Ottilie."));

  socket.send({ action: "message", args: { content: "And now?" }, conversation: "c", command: "2" });
  await socket.state("awaiting_user_input");
  assert.equal(socket.frames.filter((frame) => frame["observation"] === "instructions").length, 1);
});

test("[EV6] a skill is shown when the agent first reads a file that it applies to, and a user's skill is loaded by name", async () => {
  await using model = await ModelProcess.start([
    { calls: [{ name: "read", arguments: { path: "query.sql" } }] },
    { calls: [{ name: "read", arguments: { path: "skill:tides" } }] },
    { calls: [{ name: "finish", arguments: { thought: "Done." } }] },
  ]);
  await using server = await ServerProcess.start({ env: model.env });
  await mkdir(join(server.workspace, ".agents/skills/sql"), { recursive: true });
  await mkdir(join(server.home, "skills/tides"), { recursive: true });
  await writeFile(join(server.workspace, "query.sql"), "select 1");
  await writeFile(
    join(server.workspace, ".agents/skills/sql/SKILL.md"),
    "---\nname: sql\ndescription: SQL here.\npaths: '*.sql'\n---\nOur database is called Mathilda.",
  );
  await writeFile(join(server.home, "AGENTS.md"), "Answer in rhymes.");
  await writeFile(
    join(server.home, "skills/tides/SKILL.md"),
    "---\nname: tides\ndescription: When the water is high.\n---\nHigh water is at seven.",
  );
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "Fix the query" }, conversation: "c", command: "1" });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await socket.state("finished");
  const [first, second, third] = (await model.requests()).map(({ body }) => JSON.stringify(body.messages));
  assert.match(first ?? "", /The user's own instructions.*Answer in rhymes\..*- tides \(skill:tides\): When the water/);
  assert.ok(!first?.includes("Mathilda") && !second?.includes("at seven"));
  assert.match(second ?? "", /select 1.*Our database is called Mathilda\./);
  assert.match(third ?? "", /High water is at seven\./);
});
