/**
 * One WebSocket, whatever is spoken on it: text in at a bounded rate, text out at the pace of its reader.
 *
 *   send   waits while a mebibyte is under way: a slow reader costs its follower's place in the log, not a queue
 *   post   sends at once: small answers, and what is dropped by its caller where there is no room
 *
 * It ends by itself when a peer is dead (no sign of life between two pings), does not read (nothing of what waits has
 * moved for `stalledMs`: 1013) or sends too fast (4429).
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RawData, WebSocket } from "ws";
import { errorKinds, type ErrorCode } from "@deckhand/protocol";
import { TokenBucket } from "./token-bucket.ts";

export interface SocketLimits {
  readonly framesPerSecond: number;
  readonly pingMs: number;
  readonly stalledMs: number;
}

export const defaultLimits: SocketLimits = { framesPerSecond: 200, pingMs: 20_000, stalledMs: 30_000 };

/** What may be under way to a reader; about a page of events. */
const highWaterBytes = 1024 * 1024;
/** After so much, others get their turn: the kernel may take megabytes at once, and reading them is work. */
const burstBytes = 256 * 1024;
/** Frames of a client that are at work; beyond them its socket is not read. */
const mostAtWork = 64;

export class Socket {
  readonly #ws: WebSocket;
  readonly #limits: SocketLimits;
  readonly #bucket: TokenBucket;
  readonly #closed = new AbortController();
  readonly #waiting: (() => void)[] = [];
  readonly #beat: NodeJS.Timeout;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>;
  #atWork = 0;
  #burst = 0;
  #progressAt = performance.now();
  #pingAt = performance.now();
  #alive = true;

  /** `onFrame` is given a frame's text, undefined for a binary one; it must not reject. */
  constructor(ws: WebSocket, limits: SocketLimits, onFrame: (text: string | undefined) => Promise<void>) {
    this.#ws = ws;
    this.#limits = limits;
    // Twice as many at once: whoever reconnects sends some together.
    this.#bucket = new TokenBucket(limits.framesPerSecond, 2 * limits.framesPerSecond);
    ws.on("message", (data, binary) => void this.#take(data, binary, onFrame));
    ws.on("pong", () => (this.#alive = true));
    // Without a listener a broken frame would end the process; ws itself closes with the fitting code.
    ws.on("error", () => {});
    this.gone = new Promise((resolve) => ws.on("close", () => resolve()));
    void this.gone.then(() => this.#end());
    this.#beat = setInterval(() => this.#check(), Math.min(limits.pingMs, limits.stalledMs / 3)).unref();
  }

  /** Aborted when the socket is closed, whoever closed it. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Bytes that wait in this process for the peer to read. */
  get backlogBytes(): number {
    return this.#ws.bufferedAmount;
  }

  /** Waits for room, then sends; false when the socket is closed. */
  async send(text: string): Promise<boolean> {
    await this.room();
    return this.post(text);
  }

  /** Resolves when there is room to send, or the socket is closed. */
  async room(): Promise<void> {
    if (this.#burst > burstBytes) {
      this.#burst = 0;
      await nextTurn();
    }
    if (this.#hasRoom() && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Text, or its bytes where many are sent the same. */
  post(text: string | Buffer): boolean {
    const open = this.#ws.readyState === this.#ws.OPEN;
    if (open) {
      if (this.#ws.bufferedAmount === 0) this.#progressAt = performance.now();
      this.#burst += text.length;
      this.#ws.send(text, { binary: false }, () => {
        this.#progressAt = performance.now();
        this.#wakeOne();
      });
    }
    return open;
  }

  /** With the close code and the sentence of an error. */
  fail(code: ErrorCode): void {
    const kind = errorKinds[code];
    this.close("close" in kind ? kind.close : 1011, kind.sentence);
  }

  close(code: number, reason = ""): void {
    this.#ws.close(code, reason);
    this.#end();
  }

  /** Closes, and resolves when the connection is gone: at the latest after `withinMs`, then without a handshake. */
  async end(code: number, reason: string, withinMs: number): Promise<void> {
    this.close(code, reason);
    const timer = setTimeout(() => this.#ws.terminate(), withinMs);
    await this.gone;
    clearTimeout(timer);
  }

  async #take(data: RawData, binary: boolean, onFrame: (text: string | undefined) => Promise<void>): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#alive = true;
    if (!this.#bucket.take()) {
      this.fail("too_fast");
      return;
    }
    this.#atWork += 1;
    if (this.#atWork >= mostAtWork) this.#ws.pause();
    // The reader of the answers is the sender of the frames: where there is no room for answers none are made.
    await onFrame(binary ? undefined : (data as Buffer).toString("utf8"));
    await this.room();
    this.#atWork -= 1;
    if (this.#atWork < mostAtWork / 2) this.#ws.resume();
  }

  #check(): void {
    const now = performance.now();
    if (this.#ws.bufferedAmount > 0 && now - this.#progressAt > this.#limits.stalledMs) {
      this.fail("not_reading");
      return;
    }
    if (now - this.#pingAt < this.#limits.pingMs || this.#closed.signal.aborted) return;
    // A paused socket reads no pong: it is us who do not listen. Who does not read answers no ping either, and is told so.
    const mayAnswer = !this.#ws.isPaused && this.#ws.bufferedAmount === 0;
    if (!this.#alive && mayAnswer && this.#progressAt < this.#pingAt) {
      this.#ws.terminate();
      return;
    }
    this.#alive = false;
    this.#pingAt = now;
    this.#ws.ping();
  }

  #hasRoom(): boolean {
    return this.#closed.signal.aborted || this.#ws.bufferedAmount <= highWaterBytes;
  }

  /** One a turn, so that each sends before the next looks for room; also when the one before had nothing to send. */
  #wakeOne(): void {
    const wake = this.#hasRoom() ? this.#waiting.shift() : undefined;
    if (wake === undefined) return;
    wake();
    setImmediate(() => this.#wakeOne());
  }

  #end(): void {
    if (this.#closed.signal.aborted) return;
    clearInterval(this.#beat);
    this.#closed.abort();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
