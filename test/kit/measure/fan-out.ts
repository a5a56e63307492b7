/** Many readers of one conversation over real sockets, and one more that does not read. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ServerProcess } from "../server-process.ts";

interface FanOutOptions {
  readonly readers: number;
  readonly events: number;
  /** Length of each event. */
  readonly chars: number;
  /** Time between two events. */
  readonly intervalMs: number;
  /** How long the paused client stays so after the last event; the server may have closed it by then. */
  readonly pausedMs: number;
}

interface FanOutResult {
  /** From sending an action to receiving its event, for all events and readers; each reader gets all events in order. */
  readonly delaysMs: readonly number[];
  /** The maximum growth of the server's memory over its size before the readers connected. */
  readonly memoryGrowthBytes: number;
  /** Events that the paused client received once it read again, and the close code of its socket, if it was closed. */
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

    const paused = await connected();
    await follow(paused);
    paused.pause();
    const delaysMs: number[] = [];
    const reading: Promise<void>[] = [];
    while (reading.length < options.readers) {
      const ws = await connected();
      await follow(ws);
      reading.push(readAll(ws, options.events, delaysMs));
    }
    let maxBytes = 0;
    const sample = async (): Promise<void> => void (maxBytes = Math.max(maxBytes, await server.memoryBytes()));
    const padding = "x".repeat(options.chars);
    for (let n = 0; n < options.events; n += 1) {
      const due = delay(options.intervalMs);
      act("think", { thought: `sent=${performance.now()};${n};${padding}` });
      await Promise.all([due, sample()]);
    }
    await Promise.all(reading);
    await delay(options.pausedMs);
    await sample();
    return { delaysMs, memoryGrowthBytes: maxBytes - before, paused: await readAgain(paused) };
  } finally {
    for (const ws of sockets) ws.terminate();
  }
}

/** Resolves when every event has arrived once and in order. */
function readAll(ws: WebSocket, events: number, delaysMs: number[]): Promise<void> {
  const done = Promise.withResolvers<void>();
  let seen = 0;
  ws.on("close", (code) => done.reject(new Error(`a reader was closed with ${code} after ${seen} events`)));
  ws.on("message", (data: Buffer) => {
    // With 200 readers in one process, parsing every frame would distort the result.
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

/** Reads what the connection has buffered, then its close code if it was closed. */
async function readAgain(ws: WebSocket): Promise<FanOutResult["paused"]> {
  let events = 0;
  ws.on("message", (data: Buffer) => (events += Number(data.indexOf("sent=") >= 0)));
  const closed = once(ws, "close") as Promise<[number]>;
  ws.resume();
  const code = await Promise.race([closed.then(([ended]) => ended), delay(5_000, undefined)]);
  return { events, code };
}
