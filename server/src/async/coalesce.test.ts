import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "./coalesce.ts";
import { Mutex } from "./mutex.ts";

const { signal } = new AbortController();

/** The test decides when each run ends. */
function controlledRuns() {
  const runs: { readonly signal: AbortSignal; readonly end: PromiseWithResolvers<number> }[] = [];
  const mutex = new Mutex();
  const ask = coalesce(
    (stop) => {
      const end = Promise.withResolvers<number>();
      runs.push({ signal: stop, end });
      return end.promise;
    },
    (run) => mutex.run(run),
  );
  return { runs, ask };
}

test("callers share a run until it begins; later callers share the next run", async () => {
  const { runs, ask } = controlledRuns();
  const one = ask(signal);
  const two = ask(signal);
  await new Promise(setImmediate);
  const three = ask(signal);
  assert.equal(runs.length, 1);
  runs[0]?.end.resolve(1);
  assert.deepEqual(await Promise.all([one, two]), [1, 1]);
  await new Promise(setImmediate);
  runs[1]?.end.resolve(2);
  assert.equal(await three, 2);
  assert.equal(runs.length, 2);
});

test("a failure reaches every caller, and the next run is unaffected", async () => {
  const { runs, ask } = controlledRuns();
  const callers = [ask(signal), ask(signal)];
  await new Promise(setImmediate);
  runs[0]?.end.reject(new Error("broken"));
  for (const caller of callers) await assert.rejects(caller, /broken/);
  const next = ask(signal);
  await new Promise(setImmediate);
  runs[1]?.end.resolve(2);
  assert.equal(await next, 2);
});

test("an abort ends only that caller's wait; the work is aborted when the last caller has left", async () => {
  const { runs, ask } = controlledRuns();
  const [first, second] = [new AbortController(), new AbortController()];
  const one = ask(first.signal);
  const two = ask(second.signal);
  await new Promise(setImmediate);
  first.abort(new Error("first left"));
  await assert.rejects(one, /first left/);
  assert.equal(runs[0]?.signal.aborted, false);
  second.abort(new Error("second left"));
  await assert.rejects(two, /second left/);
  assert.equal(runs[0]?.signal.aborted, true);
  // No caller is left to receive the failure; an unhandled rejection would fail this test file.
  runs[0]?.end.reject(new Error("stopped"));
  await new Promise(setImmediate);
});

test("a caller does not join a run that was aborted before it began", async () => {
  const mutex = new Mutex();
  const lock = await mutex.acquire();
  const ask = coalesce(
    async (stop) => {
      stop.throwIfAborted();
      return "done";
    },
    (run) => mutex.run(run),
  );
  const controller = new AbortController();
  const left = ask(controller.signal);
  controller.abort(new Error("stopped"));
  await assert.rejects(left, /stopped/);
  const later = ask(signal);
  lock[Symbol.dispose]();
  assert.equal(await later, "done");
});

test("a caller whose signal is already aborted gets the reason", async () => {
  const { ask } = controlledRuns();
  await assert.rejects(ask(AbortSignal.abort(new Error("stopped"))), /stopped/);
});
