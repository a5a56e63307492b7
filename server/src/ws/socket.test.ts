import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocket, WebSocketServer, type ClientOptions } from "ws";
import { defaultLimits, Socket, type SocketLimits } from "./socket.ts";
import { TokenBucket } from "./token-bucket.ts";

interface Pair extends AsyncDisposable {
  readonly socket: Socket;
  readonly client: WebSocket;
}

async function connected(limits: SocketLimits = defaultLimits, options: ClientOptions = {}): Promise<Pair> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  const [[ws]] = await Promise.all([once(server, "connection") as Promise<[WebSocket]>, once(client, "open")]);
  const socket = new Socket(ws, limits, async () => {});
  return {
    socket,
    client,
    async [Symbol.asyncDispose]() {
      client.terminate();
      await socket.gone;
      server.close();
    },
  };
}

const chunk = "x".repeat(4096);

test("[W19] sending a long log to a fast client lets other work run in between", async () => {
  await using pair = await connected();
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (!pair.socket.closed.aborted) setImmediate(count);
  };
  setImmediate(count);
  // Below the high-water mark, so only the burst limit makes it yield.
  for (let sent = 0; sent < 1000 * 1024; sent += chunk.length) await pair.socket.send(chunk);
  assert.ok(turns >= 3, `${turns} turns`);
});

test("[W19] the backlog of a client that does not read is bounded, and arrives in full once it reads", async () => {
  await using pair = await connected();
  pair.client.pause();
  const total = 5000;
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent += 1) await pair.socket.send(chunk);
  })();
  // First the kernel's buffers fill, then ours. After that nothing moves until the client reads.
  let previous = -1;
  while (previous !== sent) {
    previous = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(sent < total, `${sent} of ${total}`);
  assert.ok(pair.socket.backlogBytes < 1024 * 1024 + 2 * chunk.length, `${pair.socket.backlogBytes} bytes`);
  let received = 0;
  pair.client.on("message", () => (received += 1));
  pair.client.resume();
  await sending;
  while (received < total) await once(pair.client, "message");
});

test("[W19] all waiting senders are woken in order, even if an earlier one sends nothing", async () => {
  await using pair = await connected();
  pair.client.pause();
  // A single frame larger than the kernel's buffers, so that the socket becomes writable exactly once.
  pair.socket.post(chunk.repeat(8 * 256));
  assert.ok(pair.socket.backlogBytes > 1024 * 1024);
  const idle = Promise.all([pair.socket.room(), pair.socket.room()]);
  const sender = pair.socket.send("the last");
  const arrived = new Promise<void>((resolve) => {
    pair.client.on("message", (data: Buffer) => {
      if (data.toString() === "the last") resolve();
    });
  });
  pair.client.resume();
  await Promise.all([idle, sender, arrived]);
});

test("[W19] a waiting sender is woken when the socket closes", async () => {
  await using pair = await connected();
  pair.client.pause();
  const sending = (async () => {
    while (await pair.socket.send(chunk.repeat(64)));
  })();
  pair.client.terminate();
  await sending;
  assert.equal(await pair.socket.send(chunk), false);
});

test("[W17] a client that does not read, and therefore answers no ping, is closed with 1013", async () => {
  await using pair = await connected({ ...defaultLimits, pingMs: 50, stalledMs: 600 });
  pair.client.pause();
  // More than the kernel's buffers hold.
  pair.socket.post(chunk.repeat(16 * 256));
  const closed = once(pair.client, "close");
  await once(pair.socket.closed, "abort");
  pair.client.resume();
  assert.equal((await closed)[0], 1013);
});

test("[W18] a peer that answers no ping is cut, whatever is sent to it meanwhile", async () => {
  for (const everyMs of [5, 45, 50, 60]) {
    await using pair = await connected({ ...defaultLimits, pingMs: 50 }, { autoPong: false });
    const sending = setInterval(() => pair.socket.post("tick"), everyMs);
    const began = performance.now();
    await Promise.race([once(pair.client, "close"), new Promise((resolve) => setTimeout(resolve, 2000))]);
    clearInterval(sending);
    assert.ok(performance.now() - began < 1500, `with a frame every ${everyMs} ms`);
  }
});

test("[W18] a frame, a ping or a pong of the peer is a sign of life", async () => {
  for (const show of [
    (client: WebSocket) => client.send("{}"),
    (client: WebSocket) => client.ping(),
    (client: WebSocket) => client.pong(),
  ]) {
    await using pair = await connected({ ...defaultLimits, pingMs: 100 }, { autoPong: false });
    const showing = setInterval(() => show(pair.client), 20);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(pair.socket.closed.aborted, false);
    clearInterval(showing);
    await once(pair.client, "close");
  }
});

test("[W18] a peer that reads slowly after a long log is given the time to reach the ping", async () => {
  await using pair = await connected({ ...defaultLimits, pingMs: 50, stalledMs: 10_000 });
  pair.client.pause();
  // All of it fits into the kernel's buffers, so nothing shows that the client does not read.
  for (let sent = 0; sent < 512 * 1024; sent += chunk.length) await pair.socket.send(chunk);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(pair.socket.closed.aborted, false);
  pair.client.resume();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(pair.socket.closed.aborted, false);
  // Once it has answered, what it has read no longer counts.
  pair.client.pause();
  const began = performance.now();
  await once(pair.socket.closed, "abort");
  assert.ok(performance.now() - began < 2000);
});

test("[W16] frames are accepted at 200 per second, with bursts of twice as many", () => {
  let now = 0;
  const bucket = new TokenBucket(200, 400, () => now);
  const takeAll = (): number => {
    let taken = 0;
    while (bucket.take()) taken += 1;
    return taken;
  };
  assert.equal(takeAll(), 400);
  now = 500;
  assert.equal(takeAll(), 100);
  now = 60_000;
  assert.equal(takeAll(), 400);
});
