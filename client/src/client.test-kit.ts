/** A client that reconnects at once, and helpers to wait for events and conditions. */
import assert from "node:assert/strict";
import { connect, type Client, type ConnectOptions } from "./index.ts";
import type { FakeServer } from "./server.test-kit.ts";

const fastRetry: Partial<ConnectOptions> = { retry: { minMs: 1, maxMs: 20 } };

export function connectTo(
  server: FakeServer,
  options: Partial<ConnectOptions> = {},
): Disposable & { readonly it: Client } {
  const it = connect({ url: server.url, ...fastRetry, ...options });
  return { it, [Symbol.dispose]: () => it.close() };
}

export async function takeIds(client: Client, after: number, count: number, start = (): void => {}): Promise<number[]> {
  const ids: number[] = [];
  for await (const item of client.follow("c", { after })) {
    if (item.type === "caught_up") start();
    if (item.type === "event") ids.push(item.event.id);
    if (ids.length === count) break;
  }
  return ids;
}

export async function waitUntil(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    assert.ok(Date.now() < end, `in time: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** mulberry32: a seeded random number generator. */
export function mulberry(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
