/** Connects to ports inside a sandbox. A process in its network namespace makes the connections; it ends when idle. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";

const child = join(import.meta.dirname, "connect.child.js");
const connectMs = 10_000;
/** An idle process takes about 40 MB, a new one about 40 ms to start. */
const idleMs = 60_000;
/** Web pages open a handful of connections, development tools some more. */
const maxSockets = 128;

export class PortConnector implements Disposable {
  readonly #enterArgv: readonly string[];
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Map<number, (socket: Socket | undefined) => void>();
  #process: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last = 0;
  #disposed = false;

  /** `enterArgv` is the command prefix that runs a program in the namespace. */
  constructor(enterArgv: readonly string[]) {
    this.#enterArgv = enterArgv;
  }

  /**
   * Fails with `port_closed` if nothing listens, `too_fast` if too many are open, `sandbox_unavailable` once disposed.
   */
  async connect(port: number, signal: AbortSignal): Promise<Duplex> {
    if (this.#disposed) throw new DeckhandError("sandbox_unavailable", "The conversation's sandbox has been closed.");
    if (this.#sockets.size + this.#waiting.size >= maxSockets) {
      throw new DeckhandError(
        "too_fast",
        `This conversation has ${maxSockets} open connections to its ports already. Close some and try again.`,
      );
    }
    const id = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
    this.#waiting.set(id, resolve);
    const giveUp = () => resolve(undefined);
    const timer = setTimeout(giveUp, connectMs);
    signal.addEventListener("abort", giveUp, { once: true });
    this.#runningProcess().send({ id, port }, (error) => error !== null && giveUp());
    const socket = await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    this.#waiting.delete(id);
    this.#restartIdleTimer();
    if (socket === undefined) throw new DeckhandError("port_closed", `Nothing listens on port ${port}.`);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#idle);
    this.#process?.disconnect();
    for (const resolve of this.#waiting.values()) resolve(undefined);
    for (const socket of this.#sockets) socket.destroy();
  }

  #runningProcess(): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const [command, ...args] = [...this.#enterArgv, process.execPath, child];
    const started = spawn(command, args, { env: {}, cwd: "/", stdio: ["ignore", "ignore", "ignore", "ipc"] });
    started.on("message", (message, socket) => {
      const resolve = this.#waiting.get((message as { readonly id: number }).id);
      if (resolve === undefined) (socket as Socket | undefined)?.destroy();
      else resolve(socket as Socket | undefined);
    });
    const onExit = () => {
      if (this.#process === started) this.#process = undefined;
      for (const resolve of this.#waiting.values()) resolve(undefined);
    };
    started.once("error", onExit);
    started.once("exit", onExit);
    started.unref();
    started.channel?.unref();
    return (this.#process = started);
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const idle = this.#process;
      this.#process = undefined;
      idle?.disconnect();
    }, idleMs).unref();
  }
}
