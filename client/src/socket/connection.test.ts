import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConnectionStatus } from "../index.ts";
import { retryDelayMs } from "./backoff.ts";
import { connectTo, takeIds, waitUntil } from "../client.test-kit.ts";
import { thought, startFakeServer } from "../server.test-kit.ts";

test("[C3] delays between reconnects grow, are randomized, and stay between half a second and 30 s", async () => {
  const at = (attempt: number, chance: number): number =>
    retryDelayMs(attempt, { minMs: 500, maxMs: 30_000, random: () => chance });
  assert.deepEqual(
    [0, 1, 2, 3, 10, 100_000].map((attempt) => at(attempt, 0)),
    [500, 500, 500, 500, 500, 500],
  );
  assert.deepEqual(
    [0, 1, 2, 5, 10, 100_000].map((attempt) => at(attempt, 1)),
    [1000, 2000, 4000, 30_000, 30_000, 30_000],
  );
  assert.equal(at(1, 0.5), 1250);
});

test("[C3] while waiting to reconnect, the status says until when and why", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server);
  const seen: ConnectionStatus[] = [];
  client.it.onStatus(() => seen.push(client.it.status));
  await waitUntil(() => client.it.status.state === "open");
  server.dropAll();
  await waitUntil(() => seen.length >= 4);
  assert.deepEqual(
    seen.slice(0, 4).map((status) => status.state),
    ["open", "waiting", "connecting", "open"],
  );
  const waiting = seen[1] as Extract<ConnectionStatus, { state: "waiting" }>;
  assert.equal(waiting.attempt, 1);
  assert.ok(waiting.nextTryAt > Date.now() - 5_000);
  assert.match(waiting.why, /closed/);
});

test("[C4] a refusal (401 or 403 at the upgrade, 4401, 4403) closes the client; a network failure does not", async () => {
  for (const [options, code] of [
    [{ status: () => 401 }, "unauthorized"],
    [{ status: () => 403 }, "forbidden"],
    [{ onConnect: () => 4401 }, "unauthorized"],
    [{ onConnect: () => 4403 }, "forbidden"],
  ] as const) {
    await using server = await startFakeServer(options);
    using client = connectTo(server);
    const sent = client.it.send("c", "message", { content: "hi" });
    await assert.rejects(sent, (error) => error instanceof DeckhandError && error.code === code);
    assert.equal(client.it.status.state, "closed");
    await assert.rejects(takeIds(client.it, -1, 1), (error) => error instanceof DeckhandError && error.code === code);
  }
});

test("[C4] a server that is not up yet is retried until it is", async () => {
  let status = 503;
  await using server = await startFakeServer({ status: () => status });
  using client = connectTo(server);
  await waitUntil(() => client.it.status.state === "waiting");
  status = 200;
  assert.equal(await client.it.send("c", "message", { content: "hi" }), 0);
});

test("[C5] a socket that is silent for too long is replaced", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server, { silenceMs: 50 });
  server.append(thought("first"));
  const events = client.it.follow("c");
  await events.next();
  await waitUntil(() => server.accepted === 2);
  server.append(thought("second"));
  const rest: Event[] = [];
  for await (const item of events) {
    if (item.type === "event") rest.push(item.event);
    if (rest.length === 1) break;
  }
  assert.equal(rest[0]?.id, 1);
});

test("[C5] a socket without a hello is replaced", async () => {
  await using mute = await startFakeServer({ hello: false });
  using client = connectTo(mute, { silenceMs: 20 });
  await waitUntil(() => mute.accepted === 3);
  assert.notEqual(client.it.status.state, "open");
});

test("[C5] silence is ignored while there are no subscriptions and no unanswered commands", async () => {
  await using server = await startFakeServer();
  using idle = connectTo(server, { silenceMs: 20 });
  await waitUntil(() => idle.it.status.state === "open");
  // The socket of the busy client is replaced several times by the same rule; that serves as the clock.
  using busy = connectTo(server, { silenceMs: 20 });
  const reading = busy.it.follow("c").next();
  await waitUntil(() => server.accepted >= 4);
  assert.equal(idle.it.status.state, "open");
  busy.it.close();
  await reading;
});
