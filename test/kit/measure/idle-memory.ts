/** The memory that idle conversations use in a server, including garbage. */
import { once } from "node:events";
import { WebSocket } from "ws";
import type { ServerProcess } from "../server-process.ts";

/** The maximum number of conversations that a socket may follow. */
const perSocket = 100;

/** Bytes per conversation that is created and then left idle. */
export async function measureIdle(server: ServerProcess, ids: readonly string[]): Promise<number> {
  return measure(server, ids, '{"ack"', (id) => ({ action: "initialize", args: {}, conversation: id }));
}

/** Bytes per stored conversation that is followed, including the cost of its reader. */
export async function measureFollowed(server: ServerProcess, ids: readonly string[]): Promise<number> {
  return measure(server, ids, '{"caught_up"', (id) => ({ subscribe: { conversation: id } }));
}

async function measure(
  server: ServerProcess,
  ids: readonly string[],
  answer: string,
  frameOf: (id: string) => object,
): Promise<number> {
  const before = await server.memoryBytes();
  const sockets: WebSocket[] = [];
  try {
    for (let at = 0; at < ids.length; at += perSocket) {
      const ws = new WebSocket(server.wsUrl, ["deckhand.v1"]);
      sockets.push(ws);
      await once(ws, "message");
      const some = ids.slice(at, at + perSocket);
      const answered = answers(ws, answer, some.length);
      for (const id of some) ws.send(JSON.stringify(frameOf(id)));
      await answered;
    }
    return ((await server.memoryBytes()) - before) / ids.length;
  } finally {
    for (const ws of sockets) ws.terminate();
  }
}

function answers(ws: WebSocket, answer: string, count: number): Promise<void> {
  let left = count;
  return new Promise((resolve, reject) => {
    ws.on("close", (code) => left > 0 && reject(new Error(`closed with ${code}, ${left} answers are missing`)));
    ws.on("message", (data: Buffer) => {
      if (data.indexOf('{"error"') === 0) reject(new Error(data.toString("utf8")));
      if (data.indexOf(answer) !== 0) return;
      left -= 1;
      if (left === 0) resolve();
    });
  });
}
