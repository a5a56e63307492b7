import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { Model } from "../../llm/model.ts";
import { startTestServer, cannedModel } from "../../http/server.test-kit.ts";
import { connectClient, type Frame, type TestClient } from "../client.test-kit.ts";

const native = { protocols: ["deckhand.v1"] };

const isState = (state: string) => (frame: Frame) => frame["extras"]?.agent_state === state;

async function startTask(client: TestClient, conversation: string): Promise<void> {
  client.send({ action: "start", args: { task: "say hello" }, conversation, command: `start ${conversation}` });
  await client.next((frame) => frame["ack"]?.command === `start ${conversation}`);
}

describe("a native socket", () => {
  test("[W1] sends hello with its limits first, selected by subprotocol or by query", async () => {
    await using server = await startTestServer();
    await using byProtocol = await connectClient(`${server.url}/ws`, native);
    await using byQuery = await connectClient(`${server.url}/ws?protocol=deckhand.v1`);
    assert.equal(byProtocol.ws.protocol, "deckhand.v1");
    assert.equal(byQuery.ws.protocol, "");
    for (const client of [byProtocol, byQuery]) {
      const { hello } = await client.next(() => true);
      assert.deepEqual(hello, {
        protocol: "deckhand.v1",
        server: "deckhand",
        version: "0.0.0-test",
        limits: { frame_bytes: 8 * 1024 * 1024, frames_per_second: 200, subscriptions: 100 },
      });
    }
  });

  test("[W2] sends existing events, caught_up, then new events: the log without gaps or repeats", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    await startTask(client, conversation);
    client.send({ subscribe: { conversation } });
    const caughtUp = await client.next((frame) => "caught_up" in frame);
    client.send({ action: "message", args: { content: "again" }, conversation });
    await client.next(isState("awaiting_user_input"));
    const log = await (await server.conversations.open(conversation)).read(-1, 100);
    const events = client.frames.filter((frame) => "id" in frame && "conversation" in frame);
    assert.deepEqual(
      events.slice(0, log.length),
      log.slice(0, events.length).map((event) => ({ conversation, ...event })),
    );
    const before = client.frames.slice(0, client.frames.indexOf(caughtUp)).filter((frame) => "id" in frame);
    assert.equal(before.at(-1)?.["id"], caughtUp["caught_up"].id);
    assert.ok(before.length >= 4);
  });

  test("[W46] sends existing events in batches if asked to, and new events one by one", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    await startTask(client, conversation);
    client.send({ subscribe: { conversation } });
    await client.next(isState("awaiting_user_input"));
    await using second = await connectClient(`${server.url}/ws`, native);
    second.send({ subscribe: { conversation, after: 1, batch: true } });
    const { caught_up: end } = await second.next((frame) => "caught_up" in frame);
    const past = second.frames.flatMap((frame) => (frame["history"] === undefined ? [] : [frame["history"]]));
    const log = await (await server.conversations.open(conversation)).read(1, 100);
    assert.deepEqual(past, [{ conversation, events: log.filter((event) => event.id <= end.id) }]);
    assert.ok(!second.frames.some((frame) => "id" in frame), "no existing event is sent on its own");
    second.send({ action: "message", args: { content: "again" }, conversation });
    const next = await second.next((frame) => frame["action"] === "message");
    assert.equal(next["id"], end.id + 1);
  });

  test("[W2] sends only events after `after`", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    await startTask(client, conversation);
    client.send({ subscribe: { conversation, after: 2 } });
    await client.next(isState("awaiting_user_input"));
    const ids = client.frames.filter((frame) => "id" in frame).map((frame) => frame["id"]);
    assert.deepEqual(
      ids,
      Array.from({ length: ids.length }, (_, at) => at + 3),
    );
  });

  test("[W3] sends caught_up at once if there are no events after `after`", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    await startTask(client, conversation);
    client.send({ subscribe: { conversation } });
    await client.next(isState("awaiting_user_input"));
    const { state } = await server.conversations.open(conversation);
    await using late = await connectClient(`${server.url}/ws`, native);
    late.send({ subscribe: { conversation, after: state.head } });
    assert.deepEqual(await late.next((frame) => !("hello" in frame)), {
      caught_up: { conversation, id: state.head },
    });
    late.send({ subscribe: { conversation, after: state.head + 1 } });
    assert.equal((await late.next((frame) => "error" in frame))["error"].code, "conflict");
  });

  test("[W4] refuses a subscription to an unknown conversation, and lets a client create one", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    client.send({ subscribe: { conversation } });
    assert.deepEqual((await client.next((frame) => "error" in frame))["error"], {
      conversation,
      code: "unknown_conversation",
      message: "Conversation not found.",
      retryable: false,
    });
    client.send({ action: "initialize", args: {}, conversation, command: "2" });
    assert.deepEqual(await client.next((frame) => "ack" in frame), { ack: { command: "2", id: 0 } });
    client.send({ action: "initialize", args: {}, conversation: "../../etc", command: "3" });
    const { error } = await client.next((frame) => "error" in frame);
    assert.deepEqual([error.command, error.code], ["3", "bad_args"]);
  });

  test("[W5] executes a command once, however often it is sent", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    const frame = { action: "message", args: { content: "once" }, conversation, command: "c1" };
    client.send(frame);
    client.send(frame);
    const [first, second] = [await client.next((each) => "ack" in each), await client.next((each) => "ack" in each)];
    assert.deepEqual(first, second);
    const log = await (await server.conversations.open(conversation)).read(-1, 100);
    assert.equal(
      log.filter((event) => "action" in event && event.action === "message" && event.source === "user").length,
      1,
    );
  });

  test("[W6] handles requests for one conversation in order", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    client.send({ action: "start", args: { task: "first" }, conversation });
    client.send({ subscribe: { conversation } });
    for (let n = 0; n < 20; n += 1) client.send({ action: "think", args: { thought: String(n) }, conversation });
    await client.next((frame) => frame["args"]?.thought === "19");
    const thoughts = client.frames.filter((frame) => frame["action"] === "think").map((frame) => frame["args"].thought);
    assert.deepEqual(
      thoughts,
      Array.from({ length: 20 }, (_, n) => String(n)),
    );
  });

  test("[W7] follows several conversations, each until it is unsubscribed or deleted", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const [one, two] = [randomUUID(), randomUUID()];
    for (const conversation of [one, two]) {
      client.send({ action: "initialize", args: {}, conversation });
      client.send({ subscribe: { conversation } });
      await client.next((frame) => frame["caught_up"]?.conversation === conversation);
    }
    client.send({ unsubscribe: { conversation: one } });
    client.send({ action: "think", args: { thought: "unseen" }, conversation: one, command: "seen" });
    await client.next((frame) => frame["ack"]?.command === "seen");
    client.send({ action: "think", args: { thought: "seen" }, conversation: two });
    await client.next((frame) => frame["args"]?.thought === "seen");
    assert.ok(!client.frames.some((frame) => frame["args"]?.thought === "unseen"));
    await server.conversations.delete(two);
    const { error } = await client.next((frame) => "error" in frame);
    assert.deepEqual([error.conversation, error.code], [two, "unknown_conversation"]);
  });

  test("[W47] a late subscriber gets the streamed text so far once, and then what is added", async () => {
    const gate = Promise.withResolvers<void>();
    const model: Model = {
      ...cannedModel([]),
      async *reply(request, signal) {
        yield { type: "delta", delta: { of: "reply", text: "Hel" } };
        yield { type: "delta", delta: { of: "reply", text: "lo" } };
        await gate.promise;
        yield { type: "delta", delta: { of: "reply", text: "!" } };
        return yield* cannedModel([[{ type: "text", text: "Hello!" }]]).reply(request, signal);
      },
    };
    await using server = await startTestServer({ model });
    await using first = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    first.send({ subscribe: { conversation } });
    await startTask(first, conversation);
    first.send({ subscribe: { conversation } });
    const replyDeltas = (client: TestClient): readonly Frame[] =>
      client.frames.flatMap((frame) => (frame["delta"]?.of === "reply" ? [frame["delta"]] : []));
    const open = await server.conversations.open(conversation);
    while (!open.streaming.some(({ text }) => text === "Hello")) await new Promise(setImmediate);

    await using late = await connectClient(`${server.url}/ws`, native);
    late.send({ subscribe: { conversation } });
    await late.next((frame) => frame["delta"]?.of === "reply");
    assert.deepEqual(replyDeltas(late), [{ conversation, of: "reply", text: "Hello", replace: true }]);
    gate.resolve();
    await late.next(isState("awaiting_user_input"));
    assert.deepEqual(replyDeltas(late)[1], { conversation, of: "reply", text: "!" });

    await using after = await connectClient(`${server.url}/ws`, native);
    after.send({ subscribe: { conversation } });
    await after.next((frame) => "caught_up" in frame);
    assert.deepEqual([replyDeltas(after), open.streaming], [[], []], "text that is in the log is not streamed again");
  });

  test("[W8] sends deltas only to clients that want them, and ticks with the head of the log", async () => {
    await using server = await startTestServer({
      tickMs: 20,
      model: cannedModel([[{ type: "text", text: "Hello." }]]),
    });
    await using withDeltas = await connectClient(`${server.url}/ws`, native);
    await using withoutDeltas = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    withDeltas.send({ action: "initialize", args: {}, conversation });
    withDeltas.send({ subscribe: { conversation } });
    await withDeltas.next((frame) => "caught_up" in frame);
    withoutDeltas.send({ subscribe: { conversation, deltas: false } });
    await withoutDeltas.next((frame) => "caught_up" in frame);
    withDeltas.send({ action: "message", args: { content: "hi" }, conversation });
    assert.deepEqual(await withDeltas.next((frame) => "delta" in frame), {
      delta: { conversation, of: "reply", text: "Hello." },
    });
    const rest = await withDeltas.next(isState("awaiting_user_input"));
    await withoutDeltas.next(isState("awaiting_user_input"));
    assert.ok(!withoutDeltas.frames.some((frame) => "delta" in frame));
    assert.deepEqual(await withoutDeltas.next((frame) => frame["tick"]?.head === rest["id"]), {
      tick: { conversation, head: rest["id"] },
    });
  });

  test("[W9] that disconnects does not stop the work", async () => {
    const gate = Promise.withResolvers<void>();
    const model: Model = {
      ...cannedModel([]),
      async *reply(request, signal) {
        await gate.promise;
        return yield* cannedModel([[{ type: "text", text: "Done anyway." }]]).reply(request, signal);
      },
    };
    await using server = await startTestServer({ model });
    const conversation = randomUUID();
    {
      await using client = await connectClient(`${server.url}/ws`, native);
      await startTask(client, conversation);
    }
    gate.resolve();
    await using client = await connectClient(`${server.url}/ws`, native);
    client.send({ subscribe: { conversation } });
    await client.next((frame) => frame["args"]?.content === "Done anyway.");
    await client.next(isState("awaiting_user_input"));
  });
});

describe("a native socket that is closed by the server", () => {
  test("[W16] is closed with 4429 when it sends too fast, and its conversations continue", async () => {
    await using server = await startTestServer();
    await using client = await connectClient(`${server.url}/ws`, native);
    const conversation = randomUUID();
    client.send({ action: "initialize", args: {}, conversation });
    for (let n = 0; n < 1000; n += 1) client.sendText("x");
    assert.equal(await client.closed, 4429);
    await using next = await connectClient(`${server.url}/ws`, native);
    next.send({ subscribe: { conversation } });
    await next.next((frame) => "caught_up" in frame);
  });

  test("[W17] is closed with 1013 when it does not read, while other sockets get everything", async () => {
    await using server = await startTestServer({ stalledMs: 300 });
    const conversation = randomUUID();
    await using reader = await connectClient(`${server.url}/ws`, native);
    await using stuck = await connectClient(`${server.url}/ws`, native);
    reader.send({ action: "initialize", args: {}, conversation });
    for (const client of [reader, stuck]) {
      client.send({ subscribe: { conversation } });
      await client.next((frame) => "caught_up" in frame);
    }
    stuck.ws.pause();
    const thought = "x".repeat(1024 * 1024);
    const count = 24;
    for (let n = 0; n < count; n += 1) {
      reader.send({ action: "think", args: { thought }, conversation });
      await reader.next((frame) => frame["action"] === "think");
    }
    const stalled = once(stuck.ws, "close");
    // Long enough for the server to close the socket; otherwise it would continue to receive after the pause.
    await new Promise((resolve) => setTimeout(resolve, 900));
    stuck.ws.resume();
    assert.equal((await stalled)[0], 1013);
    const seen = stuck.frames.filter((frame) => frame["action"] === "think");
    assert.ok(seen.length < count, `${seen.length} of ${count}`);

    await using back = await connectClient(`${server.url}/ws`, native);
    back.send({ subscribe: { conversation, after: seen.at(-1)?.["id"] ?? 2 } });
    await back.next((frame) => "caught_up" in frame);
    const ids = [...seen, ...back.frames.filter((frame) => frame["action"] === "think")].map((frame) => frame["id"]);
    assert.deepEqual(
      ids,
      Array.from({ length: count }, (_, n) => n + 3),
    );
  });

  test("[W18] is terminated when it answers no ping", async () => {
    await using server = await startTestServer({ pingMs: 50 });
    await using dead = await connectClient(`${server.url}/ws`, { ...native, autoPong: false });
    await using alive = await connectClient(`${server.url}/ws`, native);
    assert.equal(await dead.closed, 1006);
    alive.send({ unsubscribe: {} });
    await alive.next((frame) => "error" in frame);
  });
});
