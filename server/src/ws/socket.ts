/**
 * One WebSocket of any dialect: text in at a limited rate, text out at the pace of the client.
 *
 *   send   waits while the backlog is over 1 MiB, so a slow client keeps a position in the log and no queue
 *   post   sends at once; for small replies, and for frames that the caller drops when the backlog is large
 *
 * The socket closes when the peer is dead (it answers no ping and sends no frame), does not read (its backlog has not
 * moved for `stalledMs`: 1013) or sends too fast (4429). That the kernel takes what we send is no sign of life: it does
 * so for minutes after the peer is gone, and ticks alone would keep the socket open.
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

/** Backlog at which senders wait; about one page of events. */
const highWaterBytes = 1024 * 1024;
/** After this much, other sockets get to run: the kernel may accept megabytes at once, and reading the log is work. */
const burstBytes = 256 * 1024;
/**
 * A ping waits in the kernel's buffers behind what was sent before, up to about 10 MB. Beyond `freeBytes` a living peer
 * is given the time to read it at the rate of a slow link.
 */
const freeBytes = 64 * 1024;
const slowLinkBytesPerMs = 128;
/** Frames of a client in progress at which its socket is no longer read. */
const maxInProgress = 64;

export class Socket {
  readonly #ws: WebSocket;
  readonly #limits: SocketLimits;
  readonly #bucket: TokenBucket;
  readonly #closed = new AbortController();
  readonly #waiting: (() => void)[] = [];
  readonly #checkTimer: NodeJS.Timeout;
  /** Resolves when the connection is closed. */
  readonly gone: Promise<void>;
  #inProgress = 0;
  #burst = 0;
  #progressAt = performance.now();
  #pingAt = performance.now();
  #alive = true;
  #sentBytes = 0;
  /** Of those, what was sent before the last ping, and before the last ping that was answered. */
  #pingedBytes = 0;
  #confirmedBytes = 0;

  /** `onFrame` is given a frame's text, undefined for a binary one; it must not reject. */
  constructor(ws: WebSocket, limits: SocketLimits, onFrame: (text: string | undefined) => Promise<void>) {
    this.#ws = ws;
    this.#limits = limits;
    // A client that reconnects sends several frames at once, so bursts may be twice the rate.
    this.#bucket = new TokenBucket(limits.framesPerSecond, 2 * limits.framesPerSecond);
    ws.on("message", (data, binary) => void this.#receive(data, binary, onFrame));
    ws.on("pong", () => {
      this.#alive = true;
      this.#confirmedBytes = this.#pingedBytes;
    });
    ws.on("ping", () => (this.#alive = true));
    // Without a listener an invalid frame would end the process; ws closes with the appropriate code.
    ws.on("error", () => {});
    this.gone = new Promise((resolve) => ws.on("close", () => resolve()));
    void this.gone.then(() => this.#onClosed());
    this.#checkTimer = setInterval(() => this.#checkPeer(), Math.min(limits.pingMs, limits.stalledMs / 3)).unref();
  }

  /** Aborted when the socket is closed by either side. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Bytes buffered in this process for the peer. */
  get backlogBytes(): number {
    return this.#ws.bufferedAmount;
  }

  /** Waits for room, then sends. False if the socket is closed. */
  async send(text: string): Promise<boolean> {
    await this.room();
    return this.post(text);
  }

  /** Resolves when there is room to send or the socket is closed. */
  async room(): Promise<void> {
    if (this.#burst > burstBytes) {
      this.#burst = 0;
      await nextTurn();
    }
    if (this.#hasRoom() && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends at once. Takes bytes, too, so that a frame for many sockets is encoded only once. */
  post(text: string | Buffer): boolean {
    const open = this.#ws.readyState === this.#ws.OPEN;
    if (open) {
      if (this.#ws.bufferedAmount === 0) this.#progressAt = performance.now();
      this.#burst += text.length;
      this.#sentBytes += text.length;
      this.#ws.send(text, { binary: false }, () => {
        this.#progressAt = performance.now();
        this.#wakeOne();
      });
    }
    return open;
  }

  /** Closes with the close code and sentence of an error. */
  fail(code: ErrorCode): void {
    const kind = errorKinds[code];
    this.close("close" in kind ? kind.close : 1011, kind.sentence);
  }

  close(code: number, reason = ""): void {
    this.#ws.close(code, reason);
    this.#onClosed();
  }

  /** Closes and resolves when the connection is gone. After `timeoutMs` the connection is cut without a handshake. */
  async end(code: number, reason: string, timeoutMs: number): Promise<void> {
    this.close(code, reason);
    const timer = setTimeout(() => this.#ws.terminate(), timeoutMs);
    await this.gone;
    clearTimeout(timer);
  }

  async #receive(data: RawData, binary: boolean, onFrame: (text: string | undefined) => Promise<void>): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#alive = true;
    if (!this.#bucket.take()) {
      this.fail("too_fast");
      return;
    }
    this.#inProgress += 1;
    if (this.#inProgress >= maxInProgress) this.#ws.pause();
    // The client that sends frames is the one that reads the replies: without room for replies, no frame is processed.
    await onFrame(binary ? undefined : (data as Buffer).toString("utf8"));
    await this.room();
    this.#inProgress -= 1;
    if (this.#inProgress < maxInProgress / 2) this.#ws.resume();
  }

  #checkPeer(): void {
    const now = performance.now();
    if (this.#ws.bufferedAmount > 0 && now - this.#progressAt > this.#limits.stalledMs) {
      this.fail("not_reading");
      return;
    }
    const sincePingMs = now - this.#pingAt;
    if (sincePingMs < this.#limits.pingMs || this.#closed.signal.aborted) return;
    // While paused we read no pongs. A peer that does not read cannot answer a ping, but is closed with 1013 instead.
    const canAnswer = !this.#ws.isPaused && this.#ws.bufferedAmount === 0;
    if (!this.#alive && canAnswer) {
      const unreadBytes = Math.max(0, this.#pingedBytes - this.#confirmedBytes - freeBytes);
      if (sincePingMs >= this.#limits.pingMs + unreadBytes / slowLinkBytesPerMs) this.#ws.terminate();
      return;
    }
    this.#alive = false;
    this.#pingAt = now;
    this.#pingedBytes = this.#sentBytes;
    this.#ws.ping();
  }

  #hasRoom(): boolean {
    return this.#closed.signal.aborted || this.#ws.bufferedAmount <= highWaterBytes;
  }

  /** Wakes one sender per turn of the event loop, so that each has sent before the next checks for room. */
  #wakeOne(): void {
    const wake = this.#hasRoom() ? this.#waiting.shift() : undefined;
    if (wake === undefined) return;
    wake();
    setImmediate(() => this.#wakeOne());
  }

  #onClosed(): void {
    if (this.#closed.signal.aborted) return;
    clearInterval(this.#checkTimer);
    this.#closed.abort();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
