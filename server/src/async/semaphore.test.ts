import assert from "node:assert/strict";
import { test } from "node:test";
import { Semaphore } from "./semaphore.ts";

test("a semaphore runs at most as many jobs at once as it has permits, in call order", async () => {
  const semaphore = new Semaphore(2);
  const started: number[] = [];
  let running = 0;
  let maxRunning = 0;
  const work = async (n: number): Promise<number> => {
    started.push(n);
    running += 1;
    maxRunning = Math.max(maxRunning, running);
    await new Promise(setImmediate);
    running -= 1;
    return n;
  };
  const results = await Promise.all([0, 1, 2, 3, 4].map((n) => semaphore.run(() => work(n))));
  assert.deepEqual(results, [0, 1, 2, 3, 4]);
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
  assert.equal(maxRunning, 2);
});

test("a semaphore releases the permit when the work fails", async () => {
  const semaphore = new Semaphore(1);
  await assert.rejects(
    semaphore.run(() => Promise.reject(new Error("broken"))),
    /broken/,
  );
  assert.equal(await semaphore.run(() => "next"), "next");
});

test("an aborted wait rejects with the reason and consumes no permit", async () => {
  const semaphore = new Semaphore(1);
  const held = await semaphore.acquire();
  const controller = new AbortController();
  const aborted = semaphore.acquire(controller.signal);
  const next = semaphore.acquire();
  controller.abort(new Error("stopped"));
  await assert.rejects(aborted, /stopped/);
  held[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  await assert.rejects(semaphore.acquire(controller.signal), /stopped/);
  assert.equal(await semaphore.run(() => "free"), "free");
});

test("a permit granted at the moment of the abort goes to the next waiter", async () => {
  const semaphore = new Semaphore(1);
  const held = await semaphore.acquire();
  const controller = new AbortController();
  const aborted = semaphore.acquire(controller.signal);
  const next = semaphore.run(() => "next");
  // Both happen before any waiter continues: the abort wins, although the permit was granted.
  controller.abort(new Error("stopped"));
  held[Symbol.dispose]();
  await assert.rejects(aborted, /stopped/);
  assert.equal(await next, "next");
});

test("a permit that is disposed of twice is released once", async () => {
  const semaphore = new Semaphore(1);
  const held = await semaphore.acquire();
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  const one = await semaphore.acquire();
  let second = false;
  const two = semaphore.run(() => (second = true));
  await new Promise(setImmediate);
  assert.equal(second, false);
  one[Symbol.dispose]();
  await two;
});
