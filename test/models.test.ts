/** Several models in one server: a fallback, a small model, and a change of the model within a conversation. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const step = (thought: string, text: string) => ({ reasoning: thought, text });

test("[MP12][MP16][MP17] a fallback is reported by name, a small model writes the title, and the model can be changed and changed back", async (t) => {
  await using chat = await ModelProcess.start([
    step("Chat thinks one.", "One."),
    step("Chat thinks two.", "Two."),
    { text: "Three." },
  ]);
  await using claude = await ModelProcess.start([
    step("Claude thinks one.", "Un."),
    step("Claude thinks two.", "Deux."),
    { text: "Trois." },
  ]);
  await using small = await ModelProcess.start([{ text: "A small title" }]);
  const gone = await ModelProcess.start([]);
  await gone[Symbol.asyncDispose]();
  const home = await mkdtemp(join(tmpdir(), "deckhand-test-"));
  t.after(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));
  const models = [
    { name: "gone", base_url: gone.url },
    { name: "chat", base_url: chat.url },
    {
      name: "claude",
      provider: "anthropic",
      model: "claude-sonnet-4-5",
      base_url: claude.url,
      key_variable: "CLAUDE_KEY",
    },
    { name: "small", base_url: small.url },
  ];
  await writeFile(join(home, "models.json"), JSON.stringify({ models }));
  const env = {
    LLM_MODEL: "gone",
    LLM_FALLBACK: "chat",
    LLM_SMALL_MODEL: "small",
    DECKHAND_TITLES: "true",
    CLAUDE_KEY: "sk-ant-canary-0123456789",
  };
  await using server = await ServerProcess.start({ home, env });
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  const said = async (action: string, args: object, command: string): Promise<void> => {
    socket.send({ action, args, conversation: "c", command });
    await socket.next((frame) => (frame["ack"] as { command?: string } | undefined)?.command === command);
  };
  const rests = async (replies: number): Promise<void> => {
    const count = () => socket.frames.filter(({ observation }) => observation === "reply").length;
    await socket.next((frame) => frame["extras"]?.agent_state === "awaiting_user_input" && count() === replies);
  };
  await said("start", { task: "Say one." }, "1");
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await rests(1);
  const title = await socket.next(({ observation }) => observation === "title");
  assert.deepEqual([title["content"], title["extras"]?.["model"]], ["A small title", "small"]);

  for (const [at, model] of ["claude", "chat", "claude"].entries()) {
    await said("initialize", { model }, `i${at}`);
    await said("message", { content: `And ${model}?` }, `m${at}`);
    await rests(at + 2);
  }
  const of = (kind: string) => socket.frames.filter(({ observation }) => observation === kind);
  assert.deepEqual(
    of("reply").map(({ extras }) => extras?.["model"]),
    ["chat", "claude", "chat", "claude"],
  );
  const switches = of("status").filter(({ extras }) => extras?.["code"] === "model_switched");
  assert.equal(switches.length, 1);
  assert.match(String(switches[0]?.["content"]), /could not be reached .* Switching to chat\.$/);

  const [toChat, toClaude] = [await chat.requests(), await claude.requests()].map((requests) =>
    requests.map(({ body }) => JSON.stringify(body)),
  );
  assert.ok(toChat !== undefined && toClaude !== undefined);
  assert.match(toChat[1] ?? "", /Chat thinks one.*Deux/);
  assert.doesNotMatch(toChat[1] ?? "", /Claude thinks|sig_/);
  assert.match(toClaude[1] ?? "", /Claude thinks two.*sig_1_0/);
  assert.doesNotMatch(toClaude.join(""), /Chat thinks|reasoning_content/);
  const log = JSON.stringify(socket.frames);
  assert.ok(!log.includes("canary"), "the events contain no key");
});
