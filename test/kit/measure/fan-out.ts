/** Many readers of one conversation over real sockets, and one more who never reads. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ServerProcess } from "../server-process.ts";

interface FanOutOptions {
  readonly readers: number;
  readonly events: number;
  /** Length of each event. */
  readonly chars: number;
  /** From one event to the next. */
  readonly intervalMs: number;
  /** How long the one who does not read is left alone after the last event; by then the server may have closed it. */
  readonly pausedMs: number;
}

interface FanOutResult {
  /** From the sending of an action to its event, of all events and all who read; each has got all, in order. */
  readonly delaysMs: readonly number[];
  /** The most that the server took, less what it had before anybody came. */
  readonly memoryGrowthBytes: number;
  /** Events that the one who did not read found when it read again, and how its socket ended: undefined if it did not. */
  readonly paused: { readonly events: number; readonly code: number | undefined };
}

export async function measureFanOut(server: ServerProcess, options: FanOutOptions): Promise<FanOutResult> {
  const conversation = crypto.randomUUID();
  const sockets: WebSocket[] = [];
  const connected = async (): Promise<WebSocket> => {
    const ws = new WebSocket(server.wsUrl, ["deckhand.v1"]);
    sockets.push(ws);
    await once(ws, "message");
    return ws;
  };
  const follow = (ws: WebSocket): Promise<void> =>
    new Promise((resolve) => {
      ws.on("message", (data: Buffer) => {
        if (data.indexOf('{"caught_up"') === 0) resolve();
      });
      ws.send(JSON.stringify({ subscribe: { conversation } }));
    });
  try {
    const writer = await connected();
    const act = (action: string, args: object): void =>
      writer.send(JSON.stringify({ action, args, conversation }), { compress: false });
    act("initialize", {});
    await once(writer, "message");
    const before = await server.memoryBytes();

    const deaf = await connected();
    await follow(deaf);
    deaf.pause();
    const delaysMs: number[] = [];
    const reading: Promise<void>[] = [];
    while (reading.length < options.readers) {
      const ws = await connected();
      await follow(ws);
      reading.push(readAll(ws, options.events, delaysMs));
    }
    let most = 0;
    const look = async (): Promise<void> => void (most = Math.max(most, await server.memoryBytes()));
    const padding = "x".repeat(options.chars);
    for (let n = 0; n < options.events; n += 1) {
      const due = delay(options.intervalMs);
      act("think", { thought: `sent=${performance.now()};${n};${padding}` });
      await Promise.all([due, look()]);
    }
    await Promise.all(reading);
    await delay(options.pausedMs);
    await look();
    return { delaysMs, memoryGrowthBytes: most - before, paused: await readAgain(deaf) };
  } finally {
    for (const ws of sockets) ws.terminate();
  }
}

/** Resolves when every event has come once and in order. */
function readAll(ws: WebSocket, events: number, delaysMs: number[]): Promise<void> {
  const done = Promise.withResolvers<void>();
  let seen = 0;
  ws.on("close", (code) => done.reject(new Error(`a reader was closed with ${code} after ${seen} events`)));
  ws.on("message", (data: Buffer) => {
    // Two hundred readers in one process: what is not looked at is not parsed.
    const at = data.indexOf("sent=");
    if (at < 0) return;
    const [sentAt = 0, number] = data
      .toString("latin1", at + 5, at + 60)
      .split(";", 2)
      .map(Number);
    delaysMs.push(performance.now() - sentAt);
    if (number !== seen) done.reject(new Error(`event ${number} came in the place of ${seen}`));
    seen += 1;
    if (seen === events) done.resolve();
  });
  return done.promise;
}

/** What lies in the buffers of the connection, then its end, if it has ended. */
async function readAgain(ws: WebSocket): Promise<FanOutResult["paused"]> {
  let events = 0;
  ws.on("message", (data: Buffer) => (events += Number(data.indexOf("sent=") >= 0)));
  const closed = once(ws, "close") as Promise<[number]>;
  ws.resume();
  const code = await Promise.race([closed.then(([ended]) => ended), delay(5_000, undefined)]);
  return { events, code };
}
