/** Many sandboxes at once, each for a conversation whose shell has run a command. Linux only. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { WebSocket } from "ws";
import { descendantsOf } from "../processes.ts";
import type { ServerProcess } from "../server-process.ts";

export interface ManySandboxes {
  /** From submitting each conversation's command to its result. */
  readonly startMs: readonly number[];
  /** Memory of all processes of the sandboxes together (PSS). */
  readonly bytes: number;
  readonly processes: readonly number[];
}

/** Starts `atOnce` of them at a time; their ids start with `name`. */
export async function startManySandboxes(
  server: ServerProcess,
  count: number,
  atOnce: number,
  name: string,
): Promise<ManySandboxes> {
  const startMs: number[] = [];
  const waiting = Array.from({ length: count }, (_, at) => at);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
        startMs.push(await startOne(server, `${name}-${at}`));
    }),
  );
  const processes = await descendantsOf(server.pid);
  const sizes = await Promise.all(processes.map(pssBytes));
  return { startMs, processes, bytes: sizes.reduce((sum, each) => sum + each, 0) };
}

async function startOne(server: ServerProcess, conversation: string): Promise<number> {
  const ws = new WebSocket(server.wsUrl, ["deckhand.v1"]);
  try {
    await once(ws, "message");
    ws.send(JSON.stringify({ action: "initialize", args: {}, conversation }));
    ws.send(JSON.stringify({ subscribe: { conversation, after: -1 } }));
    const startedAt = performance.now();
    const done = new Promise<void>((resolve, reject) => {
      ws.on("close", () => reject(new Error("the socket was closed")));
      ws.on("message", (data: Buffer) => {
        const frame = JSON.parse(String(data)) as { observation?: string; content?: string };
        if (frame.observation === "error") reject(new Error(frame.content));
        if (frame.observation === "run") resolve();
      });
    });
    ws.send(JSON.stringify({ action: "run", args: { command: "true" }, conversation }));
    await done;
    return performance.now() - startedAt;
  } finally {
    ws.terminate();
  }
}

async function pssBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
