/**
 * The server's end of one of the supervisor's two request loops: one request at a time, in order. shell-protocol.ts
 * defines the format.
 */
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { abortable } from "../../async/abortable.ts";

export interface ChannelReply {
  readonly out: Buffer;
  readonly err: Buffer;
  /** `ok`, an error code, or a program's exit code. */
  readonly status: string;
  readonly truncated: boolean;
}

export interface ChannelRequest {
  readonly kind: string;
  readonly cwd: string;
  readonly fields: readonly string[];
  readonly data?: Uint8Array;
  readonly nonce?: string;
  /** Bytes of the reply that are retained. */
  readonly maxBytes: number;
  /** A request that is aborted while it waits for its turn is never sent. */
  readonly signal?: AbortSignal;
  /**
   * Ends what the request runs: called when it is aborted, and when its reply exceeds `maxBytes`. The next request is sent
   * only after it has resolved, so that it cannot hit that one.
   */
  readonly kill?: () => Promise<void>;
}

/** How requests are written. */
export interface ChannelEncoding {
  encode(request: ChannelRequest, nonce: string): string;
  /** The loop accepts data only after it has replied `go`; if it refuses the request it never does. */
  readonly waitsForGo: boolean;
}

const nulEncoding: ChannelEncoding = {
  encode: ({ kind, cwd, fields }, nonce) => [kind, nonce, cwd, ...fields, ""].join("\0"),
  waitsForGo: false,
};

const maxStderrBytes = 64 * 1024;
/** Room for the nonce (32), the longest status and NUL. */
const trailerBytes = 80;

export class ProcessChannel {
  readonly #in: Writable;
  readonly #out: Readable;
  readonly #err: Readable;
  readonly #closed: AbortSignal;
  readonly #encoding: ChannelEncoding;
  /** Pid of the loop as it sees itself. */
  readonly pid: Promise<number>;
  /** Settles when the request before the next one is done. */
  #previous: Promise<unknown>;

  /** When `closed` aborts, every request fails with its reason. */
  constructor(
    streams: { readonly in: Writable; readonly out: Readable; readonly err: Readable },
    closed: AbortSignal,
    encoding: ChannelEncoding = nulEncoding,
  ) {
    this.#in = streams.in;
    this.#out = streams.out;
    this.#err = streams.err;
    this.#closed = closed;
    this.#encoding = encoding;
    this.pid = abortable(readPid(this.#err), closed);
    this.pid.catch(() => {});
    this.#previous = this.pid;
  }

  request(request: ChannelRequest): Promise<ChannelReply> {
    // Chained to `pid`, so that requests wait for the loop to start and fail if it never does.
    const reply = this.#previous.then(() => this.#exchange(request));
    this.#previous = reply.catch(() => {});
    return reply;
  }

  async #exchange(request: ChannelRequest): Promise<ChannelReply> {
    request.signal?.throwIfAborted();
    let killed: Promise<void> | undefined;
    const kill = () => void (killed ??= request.kill?.());
    const nonce = request.nonce ?? newNonce();
    let out = new ReplyReader(nonce, request.maxBytes, kill);
    const err = new ReplyReader(nonce, maxStderrBytes);
    const onOut = (bytes: Buffer) => out.add(bytes);
    const onErr = (bytes: Buffer) => err.add(bytes);
    this.#out.on("data", onOut);
    this.#err.on("data", onErr);
    request.signal?.addEventListener("abort", kill, { once: true });
    try {
      this.#in.write(this.#encoding.encode(request, nonce));
      if (request.data !== undefined && request.data.length > 0) {
        if (!this.#encoding.waitsForGo) this.#in.write(request.data);
        else if ((await abortable(out.status, this.#closed)) === "go") {
          out = new ReplyReader(nonce, request.maxBytes, kill);
          this.#in.write(request.data);
        }
      }
      const [status] = await abortable(Promise.all([out.status, err.status]), this.#closed);
      return { out: out.bytes(), err: err.bytes(), status, truncated: out.truncated };
    } finally {
      this.#out.off("data", onOut);
      this.#err.off("data", onErr);
      request.signal?.removeEventListener("abort", kill);
      await killed?.catch(() => {});
    }
  }
}

export function newNonce(): string {
  return randomBytes(16).toString("hex");
}

/** Collects bytes up to `nonce status NUL`. */
class ReplyReader {
  readonly status: Promise<string>;
  truncated = false;
  readonly #resolve: (status: string) => void;
  readonly #nonce: string;
  readonly #maxBytes: number;
  readonly #onOverflow: (() => void) | undefined;
  readonly #parts: Buffer[] = [];
  #bufferedBytes = 0;
  /** The last bytes, where the trailer is looked for. */
  #tail = Buffer.alloc(0);
  #totalBytes = 0;
  #lengthBytes = 0;

  constructor(nonce: string, maxBytes: number, onOverflow?: () => void) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.status = promise;
    this.#resolve = resolve;
    this.#nonce = nonce;
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  add(bytes: Buffer): void {
    this.#totalBytes += bytes.length;
    if (this.#bufferedBytes < this.#maxBytes + trailerBytes) {
      this.#parts.push(bytes);
      this.#bufferedBytes += bytes.length;
    }
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-trailerBytes)]).subarray(-trailerBytes);
    if (this.#tail.at(-1) === 0) {
      const at = this.#tail.lastIndexOf(this.#nonce);
      if (at >= 0) {
        this.#lengthBytes = this.#totalBytes - (this.#tail.length - at);
        this.truncated ||= this.#lengthBytes > this.#maxBytes;
        this.#resolve(this.#tail.toString("latin1", at + this.#nonce.length, this.#tail.length - 1));
        return;
      }
    }
    if (!this.truncated && this.#totalBytes > this.#maxBytes + trailerBytes) {
      this.truncated = true;
      this.#onOverflow?.();
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts).subarray(0, Math.min(this.#lengthBytes, this.#maxBytes));
  }
}

/** The loop's first output on stderr. */
function readPid(stream: Readable): Promise<number> {
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
