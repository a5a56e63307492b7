/** The server as a process of its own, on a free port and a fresh home, as a user starts it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../cli/src/main.ts");

export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  /** Milliseconds from the start of the process until it listened. */
  readonly listeningMs: number;
  /** `performance.now()` when the process was started. */
  readonly startedAt: number;
  readonly #child: ChildProcess;
  readonly #home: string;

  private constructor(child: ChildProcess, home: string, url: string, startedAt: number) {
    this.#child = child;
    this.#home = home;
    this.url = url;
    this.startedAt = startedAt;
    this.listeningMs = performance.now() - startedAt;
  }

  static async start(modelUrl: string): Promise<ServerProcess> {
    const home = await mkdtemp(join(tmpdir(), "deckhand-bench-"));
    const startedAt = performance.now();
    const child = spawn(process.execPath, [main, "serve"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        PORT: "0",
        HOST: "127.0.0.1",
        DECKHAND_HOME: home,
        WORKSPACE_BASE: "",
        LLM_BASE_URL: modelUrl,
        LLM_MODEL: "instant",
        LLM_API_KEY: "none",
        MAX_ITERATIONS: "1000",
      },
    });
    let printed = "";
    for await (const chunk of child.stdout) {
      printed += String(chunk);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (url !== undefined) return new ServerProcess(child, home, url, startedAt);
    }
    throw new Error(`the server ended before it listened: ${printed}`);
  }

  /** Resident memory of the process, in bytes. */
  async memoryBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  /** Gives the task to a new conversation; resolves when that has finished. */
  async run(task: string): Promise<void> {
    const conversation = crypto.randomUUID();
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/ws`, "deckhand.v1");
    await once(socket, "open");
    const finished = new Promise<void>((resolve, reject) => {
      socket.addEventListener("close", () => reject(new Error("the socket was closed")));
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(String(data)) as { ack?: unknown; error?: unknown; extras?: { agent_state?: string } };
        if (frame.error !== undefined) reject(new Error(String(data)));
        if (frame.ack !== undefined) {
          socket.send(JSON.stringify({ subscribe: { conversation, after: -1, deltas: false } }));
        }
        const state = frame.extras?.agent_state;
        if (state === "finished") resolve();
        else if (state === "error" || state === "paused") reject(new Error(`it ended with ${String(data)}`));
      });
    });
    socket.send(JSON.stringify({ action: "start", args: { task }, conversation, command: "start" }));
    await finished.finally(() => socket.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    await rm(this.#home, { recursive: true, force: true });
  }
}
