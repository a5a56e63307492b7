/** The server as a separate process on a free port, as a user starts it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../cli/src/main.ts");

export interface ServerOptions {
  /**
   * Overrides the defaults of all tests: a free port, a new home, no discovery of model servers, no titles by a model, no
   * checkpoints.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** The home of an earlier server, to start with its data. It is not removed. */
  readonly home?: string;
}

export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly home: string;
  /** The default workspace. */
  readonly workspace: string;
  /** `performance.now()` when the process was started, and the milliseconds until it listened. */
  readonly startedAt: number;
  readonly listeningMs: number;
  readonly #child: ChildProcess;
  readonly #removesHome: boolean;

  private constructor(child: ChildProcess, home: string, removesHome: boolean, url: string, startedAt: number) {
    this.#child = child;
    this.home = home;
    this.workspace = join(home, "workspace");
    this.#removesHome = removesHome;
    this.url = url;
    this.startedAt = startedAt;
    this.listeningMs = performance.now() - startedAt;
  }

  /** Rejects with the output of the process if it exits before it listens. */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const home = options.home ?? (await mkdtemp(join(tmpdir(), "deckhand-test-")));
    const startedAt = performance.now();
    const child = spawn(process.execPath, [main, "serve"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        DECKHAND_USER_PATH: process.env["DECKHAND_USER_PATH"],
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
        HOST: "127.0.0.1",
        PORT: "0",
        DECKHAND_HOME: home,
        DECKHAND_DISCOVER: "false",
        // Titles need a request that no script expects.
        DECKHAND_TITLES: "false",
        DECKHAND_CHECKPOINTS: "false",
        ...options.env,
      },
    });
    let printed = "";
    const listening = Promise.withResolvers<string>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        printed += String(chunk);
        const url = /listening on (http:\S+)/.exec(printed)?.[1];
        if (url !== undefined) listening.resolve(url);
      });
    }
    child.once("exit", (code) => listening.reject(new Error(`the server ended with ${code}:\n${printed}`)));
    const url = await listening.promise;
    return new ServerProcess(child, home, options.home === undefined, url, startedAt);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The address of the WebSocket. */
  get wsUrl(): string {
    return `${this.url.replace("http", "ws")}/ws`;
  }

  /** Resident memory of the process, in bytes; Linux only. */
  async memoryBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  /** Sends the signal and waits for the exit. Returns the exit code, or null if a signal killed the process. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const [code] = (await ended) as [number | null];
    // A process that outlived a killed server would hold these open, and the test would never exit.
    for (const stream of [this.#child.stdout, this.#child.stderr]) setTimeout(() => stream?.destroy(), 1_000).unref();
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    if (this.#removesHome) await rm(this.home, { recursive: true, force: true });
  }
}
