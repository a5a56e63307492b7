import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAction, type Event } from "@deckhand/protocol";
import { arrayModel, call, text, untilAborted } from "../agent/array-model.test-kit.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { Conversation } from "./conversation.ts";
import { testDeps } from "./deps.test-kit.ts";

test("[K4] a stop ends a model call and a tool in under a second, and the next message works", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-stop-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  let calls = 0;
  const model = arrayModel(
    (request) => (request.messages.length > 2 ? [text("Back.")] : [call("read", { path: "wait" })]),
    (request, signal) => (request.messages.length === 1 && calls++ === 0 ? untilAborted(signal) : undefined),
  );
  await using store = openSqliteStore(join(folder, "deckhand.db"));
  const conversation = await Conversation.open("c", testDeps(model, { store }));
  const eventOf = async (isWanted: (event: Event) => boolean): Promise<void> => {
    const found = new AbortController();
    for await (const event of conversation.follow(-1, found.signal)) if (isWanted(event)) found.abort();
  };
  const waits: readonly ((event: Event) => boolean)[] = [
    (event) => !isAction(event) && event.observation === "chat",
    (event) => isAction(event) && event.action === "read",
  ];
  for (const [round, isWaiting] of waits.entries()) {
    await conversation.submit("message", { content: "go" });
    await eventOf(isWaiting);
    const stoppedAt = performance.now();
    await conversation.submit("change_agent_state", { agent_state: "stopped" });
    if (round === 1) await eventOf((event) => !isAction(event) && event.observation === "error");
    assert.equal(conversation.state.agentState, "stopped");
    assert.deepEqual(conversation.state.open, []);
    assert.ok(performance.now() - stoppedAt < 1000);
  }
  await conversation.submit("message", { content: "again" });
  await eventOf(
    (event) => "extras" in event && "agent_state" in event.extras && event.extras.agent_state === "awaiting_user_input",
  );
});
