import assert from "node:assert/strict";
import { test } from "node:test";
import { mulberry, connectTo, takeIds, waitUntil } from "../client.test-kit.ts";
import { thought, startFakeServer } from "../server.test-kit.ts";

test("[C1] a follower gets every event once and in order, however often the connection is lost", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server);
  for (let n = 0; n < 20; n++) server.append(thought(`past ${n}`));
  const got: number[] = [];
  const seed = Number(process.env["SEED"] ?? Date.now());
  const random = mulberry(seed);
  for await (const item of client.it.follow("c", { signal: AbortSignal.timeout(10_000) })) {
    if (item.type !== "event") continue;
    got.push(item.event.id);
    if (got.length === 300) break;
    if (server.log.length < 300) server.append(thought("live"));
    if (random() < 0.1) server.dropAll();
  }
  assert.deepEqual(
    got,
    Array.from({ length: 300 }, (_, id) => id),
    `seed ${seed}`,
  );
  assert.ok(server.accepted > 1, "the connection was lost at least once");
});

test("[C1] a follower that starts in the middle gets the later events, then caught_up", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server);
  for (let n = 0; n < 5; n++) server.append(thought(`past ${n}`));
  const got: (number | string)[] = [];
  for await (const item of client.it.follow("c", { after: 2 })) {
    got.push(item.type === "event" ? item.event.id : item.type);
    if (item.type === "caught_up") break;
  }
  assert.deepEqual(got, [3, 4, "caught_up"]);
});

test("[C1] two followers at different positions of one conversation each get all their events", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server);
  for (let n = 0; n < 10; n++) server.append(thought(`past ${n}`));
  const [all, some] = await Promise.all([
    takeIds(client.it, -1, 11),
    takeIds(client.it, 7, 3, () => server.append(thought("live"))),
  ]);
  assert.deepEqual(all, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(some, [8, 9, 10]);
});

test("[C2] at a gap in the ids, the conversation is subscribed again from the last event", async () => {
  let skipped = false;
  await using server = await startFakeServer({
    onFrame: (frame, socket) => {
      if (!("subscribe" in frame) || skipped) return false;
      skipped = true;
      for (const id of [0, 1, 3]) socket.send(JSON.stringify({ conversation: "c", ...server.log[id] }));
      return true;
    },
  });
  using client = connectTo(server);
  for (let n = 0; n < 4; n++) server.append(thought(`past ${n}`));
  assert.deepEqual(await takeIds(client.it, -1, 4), [0, 1, 2, 3]);
  const subscribes = server.received.flatMap((frame) => ("subscribe" in frame ? [frame["subscribe"]] : []));
  assert.deepEqual(
    subscribes.map((frame) => (frame as { after: number }).after),
    [-1, 1],
  );
});

test("[C2] when the server keeps skipping an event, the client reconnects with delays until it does not", async () => {
  await using server = await startFakeServer({
    onFrame: (frame, socket) => {
      if (!("subscribe" in frame)) return "unsubscribe" in frame;
      if (server.accepted === 3) return false;
      for (const id of [1, 2]) socket.send(JSON.stringify({ conversation: "c", ...server.log[id] }));
      socket.send(JSON.stringify({ caught_up: { conversation: "c", id: 2 } }));
      return true;
    },
  });
  using client = connectTo(server);
  for (let n = 0; n < 3; n++) server.append(thought(`past ${n}`));
  assert.deepEqual(await takeIds(client.it, -1, 3), [0, 1, 2]);
  assert.equal(server.accepted, 3);
});

test("[C2] ticks reveal a subscription that the server lost", async () => {
  let forgot = false;
  await using server = await startFakeServer({
    onFrame: (frame) => "subscribe" in frame && !forgot && (forgot = true),
  });
  using client = connectTo(server);
  server.append(thought("first"));
  const taken = takeIds(client.it, -1, 1);
  await waitUntil(() => forgot);
  server.broadcast({ tick: { conversation: "c", head: 0 } });
  server.broadcast({ tick: { conversation: "c", head: 0 } });
  assert.deepEqual(await taken, [0]);
  assert.equal(server.accepted, 1);
});

test("[C8] a slow reader buffers a bounded number of events and still gets all of them", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server);
  for (let n = 0; n < 5_000; n++) server.append(thought(`past ${n}`));
  const got: number[] = [];
  for await (const item of client.it.follow("c")) {
    if (item.type === "event") got.push(item.event.id);
    if (got.length === 1) await waitUntil(() => server.received.some((frame) => "unsubscribe" in frame));
    if (got.length === 5_000) break;
  }
  assert.deepEqual(
    got,
    Array.from({ length: 5_000 }, (_, id) => id),
  );
});
