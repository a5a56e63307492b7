import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { abortable, withTimeout } from "./abortable.ts";

const never = new Promise<never>(() => {});

test("abortable settles as its promise does and leaves no listener on the signal", async () => {
  const { signal } = new AbortController();
  assert.equal(await abortable(Promise.resolve("done"), signal), "done");
  await assert.rejects(abortable(Promise.reject(new Error("broken")), signal), /broken/);
  await Promise.resolve();
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("abortable rejects with the reason when the signal aborts first or is already aborted", async () => {
  const controller = new AbortController();
  const waiting = abortable(never, controller.signal);
  const reason = new Error("stopped");
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(abortable(never, controller.signal), reason);
});

test("abortable ignores a failure that comes after the abort", async () => {
  const work = Promise.withResolvers<void>();
  await assert.rejects(abortable(work.promise, AbortSignal.abort(new Error("stopped"))), /stopped/);
  const controller = new AbortController();
  const waiting = abortable(work.promise, controller.signal);
  controller.abort(new Error("stopped later"));
  await assert.rejects(waiting, /stopped later/);
  // An unhandled rejection would fail this test file.
  work.reject(new Error("late"));
  await new Promise(setImmediate);
});

test("withTimeout settles as a promise that is in time does", async () => {
  assert.equal(await withTimeout(Promise.resolve("done"), 10_000, () => "late"), "done");
  await assert.rejects(
    withTimeout(Promise.reject(new Error("broken")), 10_000, () => "late"),
    /broken/,
  );
});

test("withTimeout settles as onTimeout does when the promise is late", async () => {
  // The timer is unreferenced, so something else has to keep this process alive.
  const alive = setInterval(() => {}, 1000);
  try {
    assert.equal(await withTimeout(never, 5, () => "late"), "late");
    await assert.rejects(
      withTimeout(never, 5, () => {
        throw new Error("too late");
      }),
      /too late/,
    );
  } finally {
    clearInterval(alive);
  }
});
