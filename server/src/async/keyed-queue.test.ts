import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedQueue } from "./keyed-queue.ts";

test("[W6] jobs with the same key run one at a time, and other keys do not wait for them", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const one = queue.run("a", async () => {
    await gate.promise;
    log.push("a1");
  });
  const two = queue.run("a", () => void log.push("a2"));
  await queue.run("b", () => void log.push("b1"));
  gate.resolve();
  await Promise.all([one, two]);
  assert.deepEqual(log, ["b1", "a1", "a2"]);
});

test("a failed job rejects for its own caller, and the next job runs", async () => {
  const queue = new KeyedQueue();
  const broken = queue.run("a", () => Promise.reject(new Error("broken")));
  const next = queue.run("a", () => "next");
  await assert.rejects(broken, /broken/);
  assert.equal(await next, "next");
});

test("an aborted wait never runs its job", async () => {
  const queue = new KeyedQueue();
  const gate = Promise.withResolvers<void>();
  const one = queue.run("a", () => gate.promise);
  const controller = new AbortController();
  const aborted = queue.run("a", () => assert.fail("runs although its wait was aborted"), controller.signal);
  controller.abort(new Error("stopped"));
  await assert.rejects(aborted, /stopped/);
  gate.resolve();
  await one;
});

test("a key is forgotten when its last job has ended, and not before", async () => {
  const queue = new KeyedQueue();
  const jobs = ["a", "a", "b"].map((key) => queue.run(key, () => new Promise(setImmediate)));
  assert.equal(queue.size, 2);
  await jobs[0];
  assert.equal(queue.size, 2);
  await Promise.allSettled([...jobs, queue.run("c", () => Promise.reject(new Error("broken")))]);
  assert.equal(queue.size, 0);
});

test("idle resolves once no job runs or waits, including jobs that arrived while waiting", async () => {
  const queue = new KeyedQueue();
  await queue.idle();
  const done: string[] = [];
  const job = (name: string) => async () => {
    await new Promise(setImmediate);
    done.push(name);
  };
  const first = queue.run("a", job("a")).then(() => queue.run("b", job("b")));
  await queue.idle();
  await first;
  await queue.idle();
  assert.deepEqual(done, ["a", "b"]);
  assert.equal(queue.size, 0);
});
