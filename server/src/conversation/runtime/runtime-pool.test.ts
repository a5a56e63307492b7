import assert from "node:assert/strict";
import { test } from "node:test";
import type { Runtime } from "../../runtime/runtime.ts";
import { RuntimePool } from "./runtime-pool.ts";
import { LazyRuntime } from "./lazy-runtime.ts";

test("[K18] of many shells at rest the one that was used longest ago is given up, and none that is needed", async () => {
  const shells = new RuntimePool(2);
  const alive = new Set<string>();
  const needed = new Set<string>();
  const shellOf = (name: string): LazyRuntime =>
    new LazyRuntime({
      shells,
      isNeeded: () => needed.has(name),
      onFault: (fault) => assert.fail(String(fault)),
      create: async () => {
        alive.add(name);
        return { [Symbol.asyncDispose]: async () => void alive.delete(name) } as unknown as Runtime;
      },
    });
  const [a, b, c, d] = ["a", "b", "c", "d"].map(shellOf);
  assert.ok(a && b && c && d);
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (const each of [a, b]) await each.start();
  a.touch();
  await c.start();
  await settled();
  assert.deepEqual([...alive].toSorted(), ["a", "c"]);
  needed.add("a").add("c");
  await d.start();
  await settled();
  assert.deepEqual([...alive].toSorted(), ["a", "c", "d"], "those that are needed stay, however many they are");
  needed.clear();
  d.touch();
  await settled();
  assert.deepEqual([...alive].toSorted(), ["c", "d"]);
  await c[Symbol.asyncDispose]();
  await b.start();
  await settled();
  assert.deepEqual([...alive].toSorted(), ["b", "d"], "what has ended does not count");
});
