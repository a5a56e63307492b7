import assert from "node:assert/strict";
import { test } from "node:test";
import type { Runtime } from "../../runtime/runtime.ts";
import { Holds } from "../holds.ts";
import { LazyRuntime } from "./lazy-runtime.ts";
import { RuntimePool } from "./runtime-pool.ts";

test("[K18] of too many idle sandboxes the least recently used is released, and none that is needed", async () => {
  const pool = new RuntimePool(2);
  const alive = new Set<string>();
  const needed = new Set<string>();
  const holds = new Map(["a", "b", "c", "d"].map((name) => [name, new Holds(() => {})]));
  const create = (name: string, held: Holds): LazyRuntime =>
    new LazyRuntime({
      pool,
      holds: held,
      isNeeded: () => needed.has(name),
      onFault: (fault) => assert.fail(String(fault)),
      create: async () => {
        alive.add(name);
        return { [Symbol.asyncDispose]: async () => void alive.delete(name) } as unknown as Runtime;
      },
    });
  const [a, b, c, d] = [...holds].map(([name, held]) => create(name, held));
  assert.ok(a && b && c && d);
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const alivePlusHeld = () => [
    [...alive].toSorted(),
    [...holds].filter(([, held]) => held.isHeld).map(([name]) => name),
  ];
  const both = (...names: readonly string[]) => [names, names];
  for (const each of [a, b]) await each.start();
  a.touch();
  await c.start();
  await settled();
  assert.deepEqual(alivePlusHeld(), both("a", "c"), "a conversation is held while its sandbox runs");
  needed.add("a").add("c");
  await d.start();
  await settled();
  assert.deepEqual(alivePlusHeld(), both("a", "c", "d"), "sandboxes that are needed stay, however many they are");
  needed.clear();
  d.touch();
  await settled();
  assert.deepEqual(alivePlusHeld(), both("c", "d"));
  await c[Symbol.asyncDispose]();
  await b.start();
  await settled();
  assert.deepEqual(alivePlusHeld(), both("b", "d"), "a sandbox that has ended does not count");
});
