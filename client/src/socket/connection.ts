/**
 * One WebSocket that reconnects: connecting -> open -> (lost) waiting -> connecting …. It is closed for good when the
 * server refuses this client (401, 403, 4401, 4403) or the client is closed. Frames are passed on as they arrive;
 * subscriptions and unanswered commands are kept elsewhere and sent again after every `hello`.
 */
import { DeckhandError, type ErrorCode, type ServerFrame } from "@deckhand/protocol";
import { retryDelayMs, type RetryOptions } from "./backoff.ts";
import { onWake } from "./wake.ts";

export type ConnectionStatus =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** `nextTryAt` in milliseconds since 1970; `attempt` counts from 1. */
  | { readonly state: "waiting"; readonly nextTryAt: number; readonly attempt: number; readonly why: string }
  /** `why` is undefined when the client itself was closed. */
  | { readonly state: "closed"; readonly why: DeckhandError | undefined };

export type Hello = Extract<ServerFrame, { hello: unknown }>["hello"];

export interface ConnectionOptions {
  readonly open: () => WebSocket;
  /** Called when a socket never opened, to find out whether the server refused it or could not be reached. */
  readonly refusal: () => Promise<"unauthorized" | "forbidden" | undefined>;
  readonly retry: RetryOptions;
  /** A socket that is silent for this long is considered dead. */
  readonly silenceMs: number;
  /** Whether frames are due: the server sends nothing to a client without subscriptions. */
  readonly expectsFrames: () => boolean;
  readonly onHello: (hello: Hello) => void;
  readonly onFrame: (frame: Readonly<Record<string, unknown>>) => void;
  readonly onDown: () => void;
  readonly onStatus: (status: ConnectionStatus) => void;
}

/** Time limit for the handshake. */
const handshakeMs = 10_000;
/** After a connection that lasted this long, the backoff starts over. */
const stableAfterMs = 5_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #stopWake: () => void;
  #status: ConnectionStatus = { state: "connecting" };
  #socket: WebSocket | undefined;
  #attempt = 0;
  #helloAt: number | undefined;
  #lastFrameAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#stopWake = onWake(() => this.#wake());
    this.#connect();
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** False if there is no open socket and nothing was sent. */
  send(frame: object): boolean {
    if (this.#status.state !== "open") return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  /** Drops this socket and reconnects after the usual delay. */
  drop(why: string): void {
    if (this.#socket === undefined) return;
    this.#forget();
    this.#wait(why);
  }

  close(why?: DeckhandError): void {
    if (this.#status.state === "closed") return;
    this.#stopWake();
    this.#forget();
    this.#set({ state: "closed", why });
  }

  #connect(): void {
    this.#set({ state: "connecting" });
    const socket = this.#options.open();
    this.#socket = socket;
    this.#helloAt = undefined;
    this.#arm(Math.min(handshakeMs, this.#options.silenceMs), () => this.drop("The server did not respond in time."));
    socket.addEventListener("message", (message) => {
      if (socket === this.#socket) this.#receive(message.data);
    });
    socket.addEventListener("close", (end) => {
      if (socket === this.#socket) this.#lost(end.code, end.reason);
    });
    // An error is always followed by a close event with details; without a listener Node would print it.
    socket.addEventListener("error", () => {});
  }

  #receive(data: unknown): void {
    const frame = parse(data);
    if (frame === undefined) return;
    this.#lastFrameAt = Date.now();
    if (this.#helloAt === undefined) {
      if (typeof frame["hello"] !== "object") return;
      this.#helloAt = Date.now();
      this.#watch(this.#options.silenceMs);
      this.#set({ state: "open" });
      this.#options.onHello(frame["hello"] as Hello);
      return;
    }
    this.#options.onFrame(frame);
  }

  /** A single timer that checks when the last frame arrived, instead of a timer per frame. */
  #watch(delayMs: number): void {
    this.#arm(delayMs, () => {
      const { silenceMs, expectsFrames } = this.#options;
      const silentMs = Date.now() - this.#lastFrameAt;
      if (silentMs >= silenceMs && expectsFrames()) return this.drop("The server has been silent for too long.");
      this.#watch(silentMs >= silenceMs ? silenceMs : silenceMs - silentMs);
    });
  }

  #lost(code: number, reason: string): void {
    const opened = this.#helloAt !== undefined;
    this.#forget();
    if (code === 4401) return this.#refused("unauthorized", reason);
    if (code === 4403) return this.#refused("forbidden", reason);
    if (opened) return this.#wait(reason || `The connection was closed (${code}).`);
    // Browsers do not tell a refused upgrade from a network failure, but an ordinary request does.
    this.#set({ state: "connecting" });
    void this.#askRefusal();
  }

  async #askRefusal(): Promise<void> {
    const refusal = await this.#options.refusal();
    // Closed or reconnecting in the meantime.
    if (this.#status.state !== "connecting" || this.#socket !== undefined) return;
    if (refusal !== undefined) this.#refused(refusal, "");
    else this.#wait("The server cannot be reached.");
  }

  #refused(code: ErrorCode, reason: string): void {
    this.close(new DeckhandError(code, reason || undefined));
  }

  #wait(why: string): void {
    const delayMs = retryDelayMs(this.#attempt, this.#options.retry);
    this.#attempt += 1;
    this.#arm(delayMs, () => this.#connect());
    this.#set({ state: "waiting", nextTryAt: Date.now() + delayMs, attempt: this.#attempt, why });
  }

  /** Releases the current socket without changing the status. */
  #forget(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (this.#helloAt !== undefined && Date.now() - this.#helloAt >= stableAfterMs) this.#attempt = 0;
    this.#helloAt = undefined;
    if (socket === undefined) return;
    socket.close();
    this.#options.onDown();
  }

  #wake(): void {
    if (this.#status.state === "waiting") {
      clearTimeout(this.#timer);
      this.#attempt = 0;
      this.#connect();
    } else if (this.#status.state === "open" && this.#options.expectsFrames()) {
      // After a sleep the socket is often dead without a close event. A tick is due every 20 s.
      if (Date.now() - this.#lastFrameAt > this.#options.silenceMs / 2) this.drop("The device was asleep.");
    }
  }

  #arm(delayMs: number, callback: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(callback, delayMs);
  }

  #set(status: ConnectionStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}

function parse(data: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === "object" && frame !== null ? (frame as Record<string, unknown>) : undefined;
  } catch {
    // Not a frame. If it was an event, the gap in the ids will show.
    return undefined;
  }
}
