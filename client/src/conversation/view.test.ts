import assert from "node:assert/strict";
import { test } from "node:test";
import { errorObservation, observation, stateChange } from "@deckhand/protocol";
import { connectTo, takeIds, waitUntil } from "../client.test-kit.ts";
import { startFakeServer } from "../server.test-kit.ts";

test("[C7] a view folds events to a state, and streamed text is there until the event that has it whole", async () => {
  await using server = await startFakeServer();
  using client = connectTo(server);
  server.append(stateChange("running"));
  const view = client.it.view("c");
  const stop = view.subscribe(() => {});
  await waitUntil(() => view.current().caughtUp);
  assert.equal(view.current().state.agentState, "running");
  const delta = (of: string | number, text: string): void =>
    server.broadcast({ delta: { conversation: "c", of, text } });
  delta("reply", "Hel");
  delta("reply", "lo");
  delta("reasoning", "hm");
  delta(7, "line\n");
  await waitUntil(() => view.current().streaming.size === 3);
  assert.equal(view.current().streaming.get("reply"), "Hello");
  const before = view.current();
  assert.equal(view.current(), before, "the same object while nothing changes");
  server.append(observation("agent", "reply", "", reply));
  await waitUntil(() => view.current().events.length === 2);
  assert.deepEqual([...view.current().streaming.keys()], [7]);
  server.append(errorObservation("environment", "interrupted", "stopped", { cause: 7 }));
  await waitUntil(() => view.current().events.length === 3);
  assert.equal(view.current().streaming.size, 0);
  delta("runtime", "pulling image: 40 %");
  delta("runtime", "starting the container");
  await waitUntil(() => view.current().streaming.get("runtime") === "starting the container");
  delta("runtime", "");
  await waitUntil(() => view.current().streaming.size === 0);
  delta(9, "x".repeat(200_000));
  await waitUntil(() => view.current().streaming.size === 1);
  assert.ok((view.current().streaming.get(9)?.length ?? 0) < 140_000);
  stop();
  server.append(stateChange("finished"));
  view.subscribe(() => {});
  await waitUntil(() => view.current().state.agentState === "finished");
  assert.deepEqual(
    view.current().events.map((event) => event.id),
    [0, 1, 2, 3],
  );
});

test("[C7] a view of a conversation that the server refuses has the reason", async () => {
  await using server = await startFakeServer({
    onFrame: (frame, socket) => {
      const error = { conversation: "c", code: "unknown_conversation", message: "There is none.", retryable: false };
      socket.send(JSON.stringify({ error }));
      return "subscribe" in frame;
    },
  });
  using client = connectTo(server);
  const view = client.it.view("c");
  view.subscribe(() => {});
  await waitUntil(() => view.current().refused !== undefined);
  assert.equal(view.current().refused?.code, "unknown_conversation");
  await assert.rejects(takeIds(client.it, -1, 1), { code: "unknown_conversation" });
});

const reply = {
  model: "m",
  parts: [{ type: "text" as const, text: "Hello" }],
  finish_reason: "stop",
  usage: { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 },
  cost_usd: null,
  duration_ms: 1,
  first_token_ms: null,
};
