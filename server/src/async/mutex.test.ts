import assert from "node:assert/strict";
import { test } from "node:test";
import { Mutex } from "./mutex.ts";

test("a mutex runs one job at a time in call order, also after a failure", async () => {
  const mutex = new Mutex();
  const log: string[] = [];
  const work = (name: string, failure?: Error) => async () => {
    log.push(`${name} begins`);
    await new Promise(setImmediate);
    log.push(`${name} ends`);
    if (failure !== undefined) throw failure;
    return name;
  };
  const one = mutex.run(work("one"));
  const two = mutex.run(work("two", new Error("broken")));
  const three = mutex.run(work("three"));
  assert.equal(await one, "one");
  await assert.rejects(two, /broken/);
  assert.equal(await three, "three");
  assert.deepEqual(log, ["one begins", "one ends", "two begins", "two ends", "three begins", "three ends"]);
});

test("an aborted wait for a mutex rejects with the reason, and later jobs still run", async () => {
  const mutex = new Mutex();
  const held = await mutex.acquire();
  const controller = new AbortController();
  const aborted = mutex.run(() => assert.fail("runs although its wait was aborted"), controller.signal);
  const next = mutex.run(() => "next");
  controller.abort(new Error("stopped"));
  await assert.rejects(aborted, /stopped/);
  held[Symbol.dispose]();
  assert.equal(await next, "next");
});

test("idle resolves once the mutex is idle, including jobs that arrived while waiting", async () => {
  const mutex = new Mutex();
  assert.equal(mutex.isIdle, true);
  await mutex.idle();
  const held = await mutex.acquire();
  let isIdle = false;
  const idle = mutex.idle().then(() => (isIdle = true));
  const late = mutex.acquire();
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  const last = await late;
  await new Promise(setImmediate);
  assert.equal(isIdle, false);
  assert.equal(mutex.isIdle, false);
  last[Symbol.dispose]();
  await idle;
  assert.equal(mutex.isIdle, true);
});

test("an aborted wait for idle rejects with the reason", async () => {
  const mutex = new Mutex();
  const held = await mutex.acquire();
  const controller = new AbortController();
  const idle = mutex.idle(controller.signal);
  controller.abort(new Error("stopped"));
  await assert.rejects(idle, /stopped/);
  held[Symbol.dispose]();
  await mutex.idle();
});
