/** How fast a server with large logs answers readers. */
import { once } from "node:events";
import { WebSocket } from "ws";
import type { ServerProcess } from "../server-process.ts";

/** Milliseconds of each request for the first page of the list. */
export async function timeList(server: ServerProcess, times: number): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const startedAt = performance.now();
    const page = (await (await fetch(`${server.url}/api/conversations`)).json()) as { conversations: unknown[] };
    durations.push(performance.now() - startedAt);
    if (page.conversations.length === 0) throw new Error("the list is empty");
  }
  return durations;
}

/** Milliseconds from subscribing at `after` until everything up to `head` has arrived. */
export async function timeFollow(
  server: ServerProcess,
  conversation: string,
  { after, head }: { readonly after: number; readonly head: number },
): Promise<number> {
  const ws = new WebSocket(server.wsUrl, ["deckhand.v1"]);
  try {
    await once(ws, "message");
    const startedAt = performance.now();
    let next = after + 1;
    const received = new Promise<void>((resolve, reject) => {
      ws.on("close", (code) => reject(new Error(`closed with ${code} before event ${next}`)));
      ws.on("message", (data: Buffer) => {
        const text = data.toString("latin1", 0, 120);
        if (text.startsWith('{"caught_up"')) resolve();
        else if (text.includes(`"id":${next},`)) next += 1;
        else reject(new Error(`in place of event ${next} came ${text}`));
      });
    });
    ws.send(JSON.stringify({ subscribe: { conversation, after } }));
    await received;
    if (next !== head + 1) throw new Error(`caught up at ${next}, the log ends at ${head}`);
    return performance.now() - startedAt;
  } finally {
    ws.terminate();
  }
}
