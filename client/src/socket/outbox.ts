/**
 * Commands that the server has not answered. Each has an id made here and is sent again after a reconnect, as it was,
 * until it is acknowledged or refused; the server does it once. In order, and only a few at a time without an answer,
 * so that a long queue after a long absence is not taken for abuse.
 */
import { DeckhandError, type ServerFrame } from "@deckhand/protocol";

export interface Command {
  readonly conversation: string;
  readonly command: string;
  readonly action: string;
  readonly args: object;
}

interface PendingCommand {
  readonly frame: Command;
  sent: boolean;
  readonly resolve: (id: number) => void;
  readonly reject: (reason: unknown) => void;
}

type ErrorFrame = Extract<ServerFrame, { error: unknown }>["error"];

/** Commands without an answer on one socket. */
const maxInFlight = 16;
/** Commands waiting altogether: more is not a person typing. */
const maxWaiting = 1_000;

export class Outbox {
  readonly #waiting = new Map<string, PendingCommand>();
  readonly #transmit: (frame: Command) => boolean;
  #frameBytes = Number.POSITIVE_INFINITY;

  constructor(transmit: (frame: Command) => boolean) {
    this.#transmit = transmit;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves with the id of the stored event. Fails with the code of the server's refusal, or the signal's reason. */
  add(frame: Command, signal?: AbortSignal): Promise<number> {
    if (this.#waiting.size >= maxWaiting) {
      return Promise.reject(new DeckhandError("too_fast", "Too many commands wait for an answer."));
    }
    return new Promise<number>((resolve, reject) => {
      signal?.throwIfAborted();
      // The same command from another caller of this client: one answer settles both.
      const twin = this.#waiting.get(frame.command);
      const forget = (): void => {
        if (twin === undefined) this.#waiting.delete(frame.command);
        else this.#waiting.set(frame.command, twin);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", forget, { once: true });
      const settle = (): void => signal?.removeEventListener("abort", forget);
      this.#waiting.set(frame.command, {
        frame,
        sent: false,
        resolve: (id) => (settle(), resolve(id), twin?.resolve(id)),
        reject: (reason) => (settle(), reject(reason), twin?.reject(reason)),
      });
      this.#pump();
    });
  }

  /** A new socket: everything unanswered goes out again. */
  onHello(frameBytes: number): void {
    this.#frameBytes = frameBytes;
    for (const waiting of this.#waiting.values()) waiting.sent = false;
    this.#pump();
  }

  onAck(command: string | undefined, id: number): void {
    this.#take(command)?.resolve(id);
    this.#pump();
  }

  onError(error: ErrorFrame): void {
    this.#take(error.command)?.reject(new DeckhandError(error.code, error.message));
    this.#pump();
  }

  /** Nothing waits on a closed connection. */
  close(reason: DeckhandError): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) waiting.reject(reason);
  }

  #take(command: string | undefined): PendingCommand | undefined {
    const waiting = command === undefined ? undefined : this.#waiting.get(command);
    if (waiting !== undefined) this.#waiting.delete(waiting.frame.command);
    return waiting;
  }

  #pump(): void {
    let unanswered = 0;
    for (const waiting of this.#waiting.values()) {
      if (unanswered >= maxInFlight) return;
      if (!waiting.sent && this.#tooLarge(waiting.frame)) {
        // Sent, it would close the socket, and again after each reconnect.
        this.#take(waiting.frame.command)?.reject(new DeckhandError("frame_too_large"));
        continue;
      }
      if (!waiting.sent && !this.#transmit(waiting.frame)) return;
      waiting.sent = true;
      unanswered += 1;
    }
  }

  #tooLarge(frame: Command): boolean {
    // A UTF-16 unit is at least one byte and at most three, so most frames need no exact count.
    const text = JSON.stringify(frame);
    if (text.length * 3 <= this.#frameBytes) return false;
    return new TextEncoder().encode(text).byteLength > this.#frameBytes;
  }
}

/** 128 random bits. `crypto.randomUUID` is missing on pages that came over plain HTTP from another machine. */
export function newCommandId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
