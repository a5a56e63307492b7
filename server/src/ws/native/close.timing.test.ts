import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServer } from "../../http/server.test-kit.ts";
import { connectClient } from "../client.test-kit.ts";

const native = { protocols: ["deckhand.v1"] };

test("[W15] a native socket is closed with 1012 when the server stops, within a second", async () => {
  await using server = await startTestServer();
  await using client = await connectClient(`${server.url}/ws`, native);
  await using stuck = await connectClient(`${server.url}/ws`, native);
  stuck.ws.pause();
  const began = performance.now();
  await server.close();
  assert.ok(performance.now() - began < 1000);
  assert.equal(await client.closed, 1012);
  await assert.rejects(connectClient(`${server.url}/ws`, native));
});
