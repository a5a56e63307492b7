import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedOrder } from "./order.ts";

test("[J23] a waiter waits for its place; when nothing happens and nothing runs, the first waiter continues", async () => {
  using order = new RecordedOrder();
  const continued: number[] = [];
  const waits = (place: number): Promise<unknown> => order.reached(place).then(() => continued.push(place));
  const all = Promise.all([waits(7), waits(2), waits(5)]);
  order.onEvents(2);
  await order.reached(0);
  assert.deepEqual(continued, [2]);
  const slow = Promise.withResolvers<void>();
  const running = order.during(() => slow.promise);
  const stop = new AbortController();
  const stopped = order.reached(3, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(stopped, /stopped/);
  await assert.rejects(order.reached(3, stop.signal), /stopped/);
  assert.deepEqual(continued, [2]);
  slow.resolve();
  await running;
  await all;
  assert.deepEqual(continued, [2, 5, 7]);
});
