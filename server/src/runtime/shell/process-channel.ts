/**
 * One of the two loops of the supervisor, from outside: a request at a time, in order. shell-protocol.ts has the format.
 */
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { untilAborted } from "./until-aborted.ts";

export interface ChannelReply {
  readonly out: Buffer;
  readonly err: Buffer;
  /** `ok`, an error code or, of a program, its exit code. */
  readonly status: string;
  readonly truncated: boolean;
}

export interface ChannelRequest {
  readonly kind: string;
  readonly cwd: string;
  readonly fields: readonly string[];
  readonly data?: Uint8Array;
  readonly nonce?: string;
  /** Bytes of the answer that are kept; at more `onOverflow` is called, once. */
  readonly maxBytes: number;
  readonly onOverflow?: () => void;
}

/** How requests are put. */
export interface ChannelEncoding {
  encode(request: ChannelRequest, nonce: string): string;
  /** The lane takes data only after it has answered `go`; where it refuses it never does. */
  readonly waitsForGo: boolean;
}

const nulEncoding: ChannelEncoding = {
  encode: ({ kind: request, cwd, fields }, nonce) => [request, nonce, cwd, ...fields, ""].join("\0"),
  waitsForGo: false,
};

const maxStderrBytes = 64 * 1024;
/** Nonce (32), the longest word and NUL fit in. */
const trailerBytes = 80;

export class ProcessChannel {
  readonly #in: Writable;
  readonly #out: Readable;
  readonly #err: Readable;
  readonly #gone: AbortSignal;
  readonly #words: ChannelEncoding;
  /** Of the loop, as it is called inside. */
  readonly pid: Promise<number>;
  #last: Promise<unknown>;

  /** `gone` aborts when the box has ended, and with its reason every request fails. */
  constructor(
    streams: { readonly in: Writable; readonly out: Readable; readonly err: Readable },
    gone: AbortSignal,
    words: ChannelEncoding = nulEncoding,
  ) {
    this.#in = streams.in;
    this.#out = streams.out;
    this.#err = streams.err;
    this.#gone = gone;
    this.#words = words;
    this.pid = untilAborted(firstWord(this.#err), gone);
    this.pid.catch(() => {});
    this.#last = this.pid;
  }

  request(request: ChannelRequest): Promise<ChannelReply> {
    const reply = this.#last.then(() => this.#ask(request));
    this.#last = reply.catch(() => {});
    return reply;
  }

  async #ask(request: ChannelRequest): Promise<ChannelReply> {
    const nonce = request.nonce ?? newNonce();
    let out = new Answer(nonce, request.maxBytes, request.onOverflow);
    const err = new Answer(nonce, maxStderrBytes);
    const onOut = (bytes: Buffer) => out.add(bytes);
    const onErr = (bytes: Buffer) => err.add(bytes);
    this.#out.on("data", onOut);
    this.#err.on("data", onErr);
    try {
      this.#in.write(this.#words.encode(request, nonce));
      if (request.data !== undefined && request.data.length > 0) {
        if (this.#words.waitsForGo && (await untilAborted(out.word, this.#gone)) === "go") {
          out = new Answer(nonce, request.maxBytes, request.onOverflow);
          this.#in.write(request.data);
        } else if (!this.#words.waitsForGo) this.#in.write(request.data);
      }
      const [word] = await untilAborted(Promise.all([out.word, err.word]), this.#gone);
      return { out: out.bytes(), err: err.bytes(), status: word, truncated: out.cut };
    } finally {
      this.#out.off("data", onOut);
      this.#err.off("data", onErr);
    }
  }
}

export function newNonce(): string {
  return randomBytes(16).toString("hex");
}

/** Bytes up to `nonce word NUL`. */
class Answer {
  readonly word: Promise<string>;
  cut = false;
  readonly #resolve: (word: string) => void;
  readonly #nonce: string;
  readonly #maxBytes: number;
  readonly #onOverflow: (() => void) | undefined;
  readonly #parts: Buffer[] = [];
  #kept = 0;
  #end = Buffer.alloc(0);
  #total = 0;
  #length = 0;

  constructor(nonce: string, maxBytes: number, onOverflow?: () => void) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.word = promise;
    this.#resolve = resolve;
    this.#nonce = nonce;
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  add(bytes: Buffer): void {
    this.#total += bytes.length;
    if (this.#kept < this.#maxBytes + trailerBytes) {
      this.#parts.push(bytes);
      this.#kept += bytes.length;
    }
    this.#end = Buffer.concat([this.#end, bytes.subarray(-trailerBytes)]).subarray(-trailerBytes);
    if (this.#end.at(-1) === 0) {
      const at = this.#end.lastIndexOf(this.#nonce);
      if (at >= 0) {
        this.#length = this.#total - (this.#end.length - at);
        this.cut ||= this.#length > this.#maxBytes;
        this.#resolve(this.#end.toString("latin1", at + this.#nonce.length, this.#end.length - 1));
        return;
      }
    }
    if (!this.cut && this.#total > this.#maxBytes + trailerBytes) {
      this.cut = true;
      this.#onOverflow?.();
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts).subarray(0, Math.min(this.#length, this.#maxBytes));
  }
}

function firstWord(stream: Readable): Promise<number> {
  return new Promise((resolve) => {
    let text = "";
    const onData = (bytes: Buffer) => {
      text += bytes.toString("latin1");
      if (!text.endsWith("\0")) return;
      stream.off("data", onData);
      resolve(Number(text.slice(0, -1)));
    };
    stream.on("data", onData);
  });
}
