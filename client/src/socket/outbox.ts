/**
 * Commands that the server has not answered yet. Each has an id and is sent again, unchanged, after every reconnect
 * until it is acknowledged or refused; the server executes it once. Commands are sent in order, and only a few at a
 * time without an answer, so that a long queue after a long absence does not hit the server's rate limit.
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
  /** One per caller: several may send the same command. */
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  readonly resolve: (id: number) => void;
  readonly reject: (reason: unknown) => void;
}

type ErrorFrame = Extract<ServerFrame, { error: unknown }>["error"];

/** Unanswered commands on one socket. */
const maxInFlight = 16;
/** Pending commands in total: far more than a person types. */
const maxPending = 1_000;

export class Outbox {
  readonly #pending = new Map<string, PendingCommand>();
  readonly #send: (frame: Command) => boolean;
  #frameBytes = Number.POSITIVE_INFINITY;

  constructor(send: (frame: Command) => boolean) {
    this.#send = send;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Resolves with the id of the stored event; fails with the code of the server's refusal, or the signal's reason. A
   * command that is pending already is not sent twice: one answer settles all its callers, and it is only withdrawn
   * once the last of them has aborted.
   */
  add(frame: Command, signal?: AbortSignal): Promise<number> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const pending = this.#pending.get(frame.command) ?? { frame, sent: false, waiters: new Set<Waiter>() };
    if (pending.waiters.size === 0 && this.#pending.size >= maxPending) {
      return Promise.reject(new DeckhandError("too_fast", "Too many commands are waiting for an answer."));
    }
    this.#pending.set(frame.command, pending);
    return new Promise<number>((resolve, reject) => {
      const abort = (): void => {
        pending.waiters.delete(waiter);
        if (pending.waiters.size === 0) this.#remove(frame.command);
        reject(signal?.reason as Error);
        this.#pump();
      };
      const stopListening = (): void => signal?.removeEventListener("abort", abort);
      const waiter: Waiter = {
        resolve: (id) => (stopListening(), resolve(id)),
        reject: (reason) => (stopListening(), reject(reason)),
      };
      pending.waiters.add(waiter);
      signal?.addEventListener("abort", abort, { once: true });
      this.#pump();
    });
  }

  /** On a new socket everything unanswered is sent again. */
  onHello(frameBytes: number): void {
    this.#frameBytes = frameBytes;
    for (const pending of this.#pending.values()) pending.sent = false;
    this.#pump();
  }

  onAck(command: string | undefined, id: number): void {
    for (const waiter of this.#remove(command)) waiter.resolve(id);
    this.#pump();
  }

  onError(error: ErrorFrame): void {
    for (const waiter of this.#remove(error.command)) waiter.reject(new DeckhandError(error.code, error.message));
    this.#pump();
  }

  /** Settles every pending command. */
  close(reason: DeckhandError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { waiters } of all) for (const waiter of waiters) waiter.reject(reason);
  }

  #remove(command: string | undefined): ReadonlySet<Waiter> {
    const pending = command === undefined ? undefined : this.#pending.get(command);
    if (pending === undefined) return new Set();
    this.#pending.delete(pending.frame.command);
    return pending.waiters;
  }

  #pump(): void {
    let unanswered = 0;
    for (const pending of this.#pending.values()) {
      if (unanswered >= maxInFlight) return;
      if (!pending.sent && this.#isTooLarge(pending.frame)) {
        // The server would close the socket, and again after every reconnect.
        for (const waiter of this.#remove(pending.frame.command)) {
          waiter.reject(new DeckhandError("frame_too_large"));
        }
        continue;
      }
      if (!pending.sent && !this.#send(pending.frame)) return;
      pending.sent = true;
      unanswered += 1;
    }
  }

  #isTooLarge(frame: Command): boolean {
    // A UTF-16 code unit takes one to three bytes, so most frames need no exact count.
    const text = JSON.stringify(frame);
    if (text.length * 3 <= this.#frameBytes) return false;
    return new TextEncoder().encode(text).byteLength > this.#frameBytes;
  }
}

/** 128 random bits. Not `crypto.randomUUID`, which pages loaded over plain HTTP from another machine do not have. */
export function newCommandId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
