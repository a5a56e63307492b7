/**
 * One bash of the box: the conversation's shell, or a job. Its end is read from the status records and never from what is printed.
 *
 *   starting --pid record--> alive --exit record, or the process is no more--> ended
 */
import type { ProcessHost } from "./process-host.ts";
import { newNonce } from "./process-channel.ts";
import type { ShellStreams, StartRequest } from "./shell-streams.ts";

/** How often it is looked after while something is expected of it: a keeper that was killed reports nothing. */
const aliveMs = 1000;
/** Its keeper's record would have come long ago. */
const lateMs = 20;
/** A field that is longer is taken for empty. A state of that size has a variable that nobody would copy either. */
const maxFieldChars = 4 * 1024 * 1024;

export interface StatusRecord {
  readonly kind: string;
  readonly first: string;
  readonly second: string;
  readonly third: string;
}

export class ShellProcess {
  readonly streams: ShellStreams;
  readonly nonce = newNonce();
  /** When its number is known, or when it has ended. */
  readonly started: Promise<void>;
  /** Called once, with the exit code, -1 where it is not known. */
  onExit: (code: number) => void = () => {};
  /** Called for what `pid` and `exit` do not cover. */
  onRecord: (record: StatusRecord) => void = () => {};
  readonly #box: ProcessHost;
  readonly #onGone = () => this.end(-1);
  readonly #onData = (bytes: Buffer) => this.#read(this.#decoder.decode(bytes, { stream: true }));
  readonly #started = Promise.withResolvers<void>();
  readonly #decoder = new TextDecoder();
  #ended = false;
  #pidInside: number | undefined;
  #pid: number | undefined;
  #onTerminal: number | undefined;
  #fields: string[] = [];
  #field = "";
  #watch: NodeJS.Timeout | undefined;

  /** `opening` is written to it first. */
  constructor(
    box: ProcessHost,
    seat: ShellStreams,
    request: Omit<StartRequest, "nonce">,
    opening: (nonce: string) => string,
  ) {
    this.#box = box;
    this.streams = seat;
    this.started = this.#started.promise;
    seat.status.on("data", this.#onData);
    box.closed.addEventListener("abort", this.#onGone, { once: true });
    // After the caller has set its listeners.
    if (box.closed.aborted) queueMicrotask(this.#onGone);
    seat.start({ ...request, nonce: this.nonce });
    seat.in.write(opening(this.nonce));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** As the box counts processes; unknown until it has said its own number. */
  get pid(): number | undefined {
    if (this.#pid === undefined && this.#pidInside !== undefined) this.#pid = this.#box.resolvePid(this.#pidInside);
    return this.#pid;
  }

  /** What has the terminal, as it calls itself. */
  get terminalPid(): number | undefined {
    return this.#onTerminal;
  }

  /** While something is expected of it. */
  watch(): Disposable {
    clearInterval(this.#watch);
    this.#watch = setInterval(() => void this.#lookAfter(), aliveMs);
    return { [Symbol.dispose]: () => clearInterval(this.#watch) };
  }

  /** Nothing more is expected of it. */
  end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    this.streams.status.off("data", this.#onData);
    this.#box.closed.removeEventListener("abort", this.#onGone);
    this.streams.release();
    this.#started.resolve();
    this.onExit(code);
  }

  async #lookAfter(): Promise<void> {
    const { pid } = this;
    if (pid !== undefined && !(await this.#box.isAlive(pid))) setTimeout(() => this.end(-1), lateMs);
  }

  #read(text: string): void {
    let at = 0;
    for (let nul = text.indexOf("\0"); nul >= 0; nul = text.indexOf("\0", at)) {
      this.#grow(text.slice(at, nul));
      this.#fields.push(this.#field.length > maxFieldChars ? "" : this.#field);
      this.#field = "";
      at = nul + 1;
      if (this.#fields.length === 4) this.#take(this.#fields.splice(0));
    }
    this.#grow(text.slice(at));
  }

  #grow(text: string): void {
    if (this.#field.length <= maxFieldChars) this.#field += text;
  }

  #take([kind = "", first = "", second = "", third = ""]: readonly string[]): void {
    if (kind === "pid") {
      this.#pidInside = Number(first);
      this.#onTerminal = Number(second);
      this.#started.resolve();
    } else if (kind !== "exit") this.onRecord({ kind, first, second, third });
    else if (second === this.nonce) this.end(Number(first));
  }
}
