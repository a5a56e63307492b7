/** Connections to what listens in a sandbox: one process in its network namespace makes them, while somebody wants some. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";

const child = join(import.meta.dirname, "connect.child.js");
const connectMs = 10_000;
/** It costs some 40 MB, and some 40 ms to start again. */
const idleMs = 60_000;
/** Pages open a handful, development tools some more. */
const mostSockets = 128;

export class PortConnector implements Disposable {
  readonly #enter: readonly string[];
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Map<number, (socket: Socket | undefined) => void>();
  #process: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last = 0;
  #disposed = false;

  /** `enter` goes in front of a command that is to run in the namespace. */
  constructor(enter: readonly string[]) {
    this.#enter = enter;
  }

  /** Fails with `port_closed` where nothing listens, `too_fast` where too many are open, `sandbox_unavailable` after the end. */
  async connect(port: number, signal: AbortSignal): Promise<Duplex> {
    if (this.#disposed) throw new DeckhandError("sandbox_unavailable", "The conversation's sandbox has been closed.");
    if (this.#sockets.size + this.#waiting.size >= mostSockets) {
      throw new DeckhandError(
        "too_fast",
        `More than ${mostSockets} connections to this conversation's ports are open.`,
      );
    }
    const id = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
    this.#waiting.set(id, resolve);
    const give = () => resolve(undefined);
    const late = setTimeout(give, connectMs);
    signal.addEventListener("abort", give, { once: true });
    this.#started().send({ id, port }, (error) => error !== null && give());
    const socket = await promise;
    clearTimeout(late);
    signal.removeEventListener("abort", give);
    this.#waiting.delete(id);
    this.#rest();
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

  #started(): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const [command, ...args] = [...this.#enter, process.execPath, child];
    const started = spawn(command, args, { env: {}, cwd: "/", stdio: ["ignore", "ignore", "ignore", "ipc"] });
    started.on("message", (message, socket) => {
      const answer = this.#waiting.get((message as { readonly id: number }).id);
      if (answer === undefined) (socket as Socket | undefined)?.destroy();
      else answer(socket as Socket | undefined);
    });
    const gone = () => {
      if (this.#process === started) this.#process = undefined;
      for (const resolve of this.#waiting.values()) resolve(undefined);
    };
    started.once("error", gone);
    started.once("exit", gone);
    started.unref();
    started.channel?.unref();
    return (this.#process = started);
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const idle = this.#process;
      this.#process = undefined;
      idle?.disconnect();
    }, idleMs).unref();
  }
}
