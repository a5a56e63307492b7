import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { startTestServer } from "../../http/server.test-kit.ts";
import { connectClient, type Frame } from "../client.test-kit.ts";

const native = { protocols: ["deckhand.v1"] };
const hasRow = (id: string, matches: (row: Frame) => boolean = () => true) => {
  return (frame: Frame): boolean => frame["list"]?.rows.some((row: Frame) => row["id"] === id && matches(row)) === true;
};
const isGone = (id: string) => (frame: Frame) => frame["list"]?.gone.includes(id) === true;
const isList = (frame: Frame): boolean => "list" in frame;

test("[UP5] a list subscription gets changes by other clients, including deletions, until unsubscribe_list", async () => {
  await using server = await startTestServer();
  await using watcher = await connectClient(`${server.url}/ws`, native);
  await using worker = await connectClient(`${server.url}/ws`, native);
  watcher.send({ subscribe_list: {} });
  assert.deepEqual(await watcher.next(isList), { list: { rows: [], gone: [], reload: true } });
  const id = randomUUID();
  worker.send({ action: "start", args: { task: "say hello" }, conversation: id });
  const frame = await watcher.next(hasRow(id, ({ waiting }) => waiting?.kind === "question"));
  const [sent] = frame["list"].rows as Frame[];
  const listed = await (await fetch(`${server.url}/api/conversations?limit=1`)).json();
  assert.deepEqual(sent, (listed as Frame)["conversations"][0]);
  assert.deepEqual(sent?.["waiting"], { kind: "question", text: "Hello." });

  await server.conversations.rename(id, "named");
  await watcher.next(hasRow(id, ({ title }) => title === "named"));
  await server.conversations.delete(id);
  await watcher.next(isGone(id));

  watcher.send({ unsubscribe_list: {} });
  // Requests are answered in order, so this reply follows the end of the subscription.
  watcher.send({ subscribe: { conversation: "nobody" } });
  await watcher.next((each) => "error" in each);
  const before = watcher.frames.length;
  const other = randomUUID();
  worker.send({ action: "start", args: { task: "again" }, conversation: other });
  worker.send({ subscribe_list: {} });
  await worker.next((each) => each["list"]?.reload === true);
  await server.conversations.rename(other, "seen by the follower");
  await worker.next(hasRow(other));
  assert.equal(watcher.frames.slice(before).some(isList), false);
});

test("[UP5] many changes at once reach a list subscription in a few frames that end with the current state", async () => {
  await using server = await startTestServer();
  await using watcher = await connectClient(`${server.url}/ws`, native);
  watcher.send({ subscribe_list: {} });
  await watcher.next(isList);
  const id = randomUUID();
  await (await server.conversations.open(id)).submit("initialize", {});
  for (let at = 0; at < 300; at += 1) await server.conversations.rename(id, `name ${at}`);
  await watcher.next(hasRow(id, ({ title }) => title === "name 299"));
  const frames = watcher.frames.filter((frame) => hasRow(id)(frame)).length;
  assert.ok(frames < 30, `${frames} frames for 300 changes`);
});

test("[UP5] a list subscription gets ticks, and an invalid subscribe_list is refused", async () => {
  await using server = await startTestServer({ tickMs: 20 });
  await using watcher = await connectClient(`${server.url}/ws`, native);
  watcher.send({ subscribe_list: {} });
  await watcher.next((frame) => frame["list"]?.reload === true);
  assert.deepEqual(await watcher.next(isList), { list: { rows: [], gone: [], reload: false } });
  watcher.send({ subscribe_list: 1 });
  assert.equal((await watcher.next((frame) => "error" in frame))["error"].code, "bad_frame");
});
