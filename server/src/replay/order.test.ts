import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedOrder } from "./order.ts";

test("[J23] who has a place waits for it; where nothing moves any more the first goes on, and not while something runs", async () => {
  using order = new RecordedOrder();
  const went: number[] = [];
  const waits = (place: number): Promise<unknown> => order.reached(place).then(() => went.push(place));
  const all = Promise.all([waits(7), waits(2), waits(5)]);
  order.onEvents(2);
  await order.reached(0);
  assert.deepEqual(went, [2]);
  const slow = Promise.withResolvers<void>();
  const running = order.during(() => slow.promise);
  const stop = new AbortController();
  const stopped = order.reached(3, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(stopped, /stopped/);
  await assert.rejects(order.reached(3, stop.signal), /stopped/);
  assert.deepEqual(went, [2]);
  slow.resolve();
  await running;
  await all;
  assert.deepEqual(went, [2, 5, 7]);
});
