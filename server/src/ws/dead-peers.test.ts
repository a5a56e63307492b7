import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "node:test";
import { cannedModel, startTestServer } from "../http/server.test-kit.ts";
import type { Model } from "../llm/model.ts";
import { connectClient, type TestClient } from "./client.test-kit.ts";

const native = { protocols: ["deckhand.v1"] };
const dead = { autoPong: false };

/** Fails unless the server ends the connection within some pings. */
async function isCut(client: TestClient): Promise<void> {
  const code = await Promise.race([client.closed, delay(3000, "still open", { ref: false })]);
  assert.equal(code, 1006);
}

test("[W18] a dead peer is cut although ticks of its subscription are sent to it", async () => {
  await using server = await startTestServer({ pingMs: 100, tickMs: 20 });
  await using client = await connectClient(`${server.url}/ws`, { ...native, ...dead });
  const conversation = randomUUID();
  client.send({ action: "initialize", args: {}, conversation });
  client.send({ subscribe: { conversation } });
  await client.next((frame) => "tick" in frame);
  await isCut(client);
});

test("[W18] a dead peer is cut although it follows the list", async () => {
  await using server = await startTestServer({ pingMs: 100, tickMs: 20 });
  await using client = await connectClient(`${server.url}/ws`, { ...native, ...dead });
  client.send({ subscribe_list: {} });
  await client.next((frame) => "list" in frame);
  const id = randomUUID();
  await (await server.conversations.open(id)).submit("initialize", {});
  const renaming = setInterval(() => void server.conversations.rename(id, `name ${performance.now()}`), 30);
  await isCut(client).finally(() => clearInterval(renaming));
});

test("[W18] a dead peer is cut while the model's words are streamed to it", async () => {
  const gone = new AbortController();
  const model: Model = {
    ...cannedModel([]),
    async *reply(request, signal) {
      while (!gone.signal.aborted) {
        yield { type: "delta", delta: { of: "reply", text: "word " } };
        await delay(10);
      }
      return yield* cannedModel([[{ type: "text", text: "Done." }]]).reply(request, signal);
    },
  };
  await using server = await startTestServer({ pingMs: 100, model });
  await using client = await connectClient(`${server.url}/ws`, { ...native, ...dead });
  const conversation = randomUUID();
  client.send({ action: "initialize", args: {}, conversation });
  client.send({ subscribe: { conversation } });
  client.send({ action: "start", args: { task: "talk" }, conversation });
  await client.next((frame) => "delta" in frame);
  await isCut(client).finally(() => gone.abort());
});

test("[W18] a dead classic peer is cut while events are sent to it", async () => {
  await using server = await startTestServer({ pingMs: 100, model: cannedModel([[{ type: "text", text: "Hello." }]]) });
  await using client = await connectClient(`${server.url}/ws`, dead);
  const { token } = await client.next((frame) => "token" in frame);
  const { sid } = JSON.parse(atob(String(token).split(".")[1] ?? ""));
  client.send({ action: "start", args: { task: "say hello" } });
  await client.next((frame) => frame["args"]?.content === "Hello.");
  const conversation = await server.conversations.open(sid);
  const talking = setInterval(() => void conversation.submit("message", { content: "and again" }), 30);
  await isCut(client).finally(() => clearInterval(talking));
});
