import assert from "node:assert/strict";
import { test } from "node:test";
import { connectTo } from "../client.test-kit.ts";
import { thought, startFakeServer } from "../server.test-kit.ts";

test("[C6] after a lost connection, a command is sent again with the same id and happens once", async () => {
  let drops = 2;
  await using server = await startFakeServer({
    onFrame: (frame, socket) => {
      if (!("action" in frame) || drops === 0) return false;
      drops -= 1;
      // The first drop loses the command, the second its answer.
      if (drops === 0) server.append({ ...thought("stored"), command: String(frame["command"]) });
      socket.terminate();
      return drops > 0;
    },
  });
  using client = connectTo(server);
  assert.equal(await client.it.send("c", "message", { content: "hi" }), 1);
  const commands = new Set(server.received.map((frame) => frame["command"]).filter((command) => command !== undefined));
  assert.equal(commands.size, 1);
});

test("[C6] commands queued while offline are sent in order, a few at a time", async () => {
  let up = false;
  let unanswered = 0;
  let maxUnanswered = 0;
  await using server = await startFakeServer({
    status: () => (up ? 200 : 503),
    onFrame: (frame, socket) => {
      if (!("action" in frame)) return false;
      maxUnanswered = Math.max(maxUnanswered, ++unanswered);
      const { n } = frame["args"] as { n: number };
      setImmediate(() => {
        unanswered -= 1;
        socket.send(JSON.stringify({ ack: { command: frame["command"], id: n } }));
      });
      return true;
    },
  });
  using client = connectTo(server);
  const all = Array.from({ length: 100 }, (_, n) => client.it.send("c", "message", { n } as object));
  up = true;
  assert.deepEqual(
    await Promise.all(all),
    Array.from({ length: 100 }, (_, n) => n),
  );
  assert.deepEqual(
    server.received.map((frame) => (frame["args"] as { n: number }).n),
    Array.from({ length: 100 }, (_, n) => n),
  );
  assert.ok(maxUnanswered <= 16, `${maxUnanswered} at once`);
});

test("[C6] a refusal has the server's code; closing the client settles pending commands", async () => {
  await using server = await startFakeServer({
    frameBytes: 500,
    onFrame: (frame, socket) => {
      if (frame["action"] === "initialize") {
        const error = { command: frame["command"], code: "unknown_agent", message: "No such agent.", retryable: false };
        socket.send(JSON.stringify({ error }));
      }
      return "action" in frame;
    },
  });
  using client = connectTo(server);
  const refused = client.it.send("c", "initialize", { agent_cls: "Nobody" });
  await assert.rejects(refused, { name: "DeckhandError", code: "unknown_agent", message: "No such agent." });
  const large = client.it.send("c", "message", { content: "é".repeat(300) });
  await assert.rejects(large, { code: "frame_too_large" });
  const giveUp = new AbortController();
  const given = client.it.send("c", "message", { content: "x" }, {}, giveUp.signal);
  giveUp.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  const waits = client.it.send("c", "message", { content: "hi" });
  client.it.close();
  await assert.rejects(waits, { code: "interrupted" });
  await assert.rejects(client.it.send("c", "message", { content: "hi" }), { code: "interrupted" });
});

test("[C6] several callers of one command are all settled: by its answer, or when the client is closed", async () => {
  let isAnswering = false;
  await using server = await startFakeServer({ onFrame: (frame) => "action" in frame && !isAnswering });
  using client = connectTo(server);
  const send = (command: string, signal?: AbortSignal): Promise<number> =>
    client.it.send("c", "message", { content: "hi" }, { command }, signal);
  const first = new AbortController();
  const aborted = send("one", first.signal);
  const other = send("one");
  const left = new AbortController();
  const withdrawn = send("two", left.signal);
  first.abort(new Error("enough"));
  left.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  await assert.rejects(withdrawn, /enough/);
  isAnswering = true;
  server.dropAll();
  assert.equal(await other, 0);
  assert.equal(server.log.length, 1, "a command that nobody waits for is not sent again");
  isAnswering = false;
  const last = [send("three"), send("three")];
  client.it.close();
  for (const each of last) await assert.rejects(each, { code: "interrupted" });
});
