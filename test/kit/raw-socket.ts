/** A plain WebSocket client: it keeps the frames as they arrive and does nothing else. */
import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";

// Tests inspect frames field by field.
// oxlint-disable-next-line typescript/no-explicit-any
export type Frame = Record<string, any>;

export class RawSocket implements Disposable {
  readonly #socket: WebSocket;
  readonly frames: Frame[] = [];
  /** Settles with the close code. */
  readonly closed: Promise<number>;
  #arrived = Promise.withResolvers<void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", (code: number) => resolve(code)));
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Frame);
      this.#wake();
    });
    socket.on("close", () => this.#wake());
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }

  static async open(url: string, protocols: readonly string[] = [], options: ClientOptions = {}): Promise<RawSocket> {
    const socket = new WebSocket(url, [...protocols], options);
    const raw = new RawSocket(socket);
    await once(socket, "open");
    return raw;
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends an object as JSON, a string or bytes unchanged. */
  send(frame: Frame | string | Uint8Array): void {
    this.#socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }

  /** The first matching frame at or after `from`. Rejects with the last frames if none arrives in time or the socket closes. */
  async next(fits: (frame: Frame) => boolean, { from = 0, withinMs = 60_000 } = {}): Promise<Frame> {
    const deadline = AbortSignal.timeout(withinMs);
    let at = from;
    for (;;) {
      for (; at < this.frames.length; at += 1) {
        const frame = this.frames[at];
        if (frame !== undefined && fits(frame)) return frame;
      }
      if (deadline.aborted || !this.isOpen) {
        throw new Error(
          `no such frame among ${this.frames.length}:\n${this.frames.slice(-12).map(oneLine).join("\n")}`,
        );
      }
      await Promise.race([this.#arrived.promise, once(deadline, "abort")]);
    }
  }

  /** Waits for the state in the frames at or after `from`. */
  state(agentState: string, from = 0): Promise<Frame> {
    return this.next((frame) => frame["extras"]?.agent_state === agentState, { from });
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

function oneLine(frame: Frame): string {
  return JSON.stringify(frame).slice(0, 300);
}
