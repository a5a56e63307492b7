/**
 * One shell process on a host: the conversation's shell, or the bash of a job or terminal. Its end is read from the
 * status records (shell-protocol.ts), never from its output.
 *
 *   starting --pid record--> alive --exit record, or the process is gone--> ended
 */
import { newNonce } from "./process-channel.ts";
import type { ProcessHost } from "./process-host.ts";
import type { ShellStreams, StartRequest } from "./shell-streams.ts";

/** How often the process is checked while it has work: a launcher that was killed writes no exit record. */
const aliveCheckMs = 1000;
/** By then the exit record would have arrived. */
const exitRecordGraceMs = 20;
/** A longer field is read as empty. A state of that size contains a variable that nobody would want copied anyway. */
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
  /** Resolves once the pid is known or the process has ended. */
  readonly started: Promise<void>;
  /** Called once, with the exit code, or -1 if it is unknown. */
  onExit: (code: number) => void = () => {};
  /** Called for every record but `pid` and `exit`. */
  onRecord: (record: StatusRecord) => void = () => {};
  readonly #host: ProcessHost;
  readonly #onHostClosed = () => this.end(-1);
  readonly #onData = (bytes: Buffer) => this.#parse(this.#decoder.decode(bytes, { stream: true }));
  readonly #started = Promise.withResolvers<void>();
  readonly #decoder = new TextDecoder();
  #ended = false;
  #pidInside: number | undefined;
  #pid: number | undefined;
  #terminalPid: number | undefined;
  #fields: string[] = [];
  #field = "";
  #watch: NodeJS.Timeout | undefined;

  /** `prologue` is the first thing written to the process. */
  constructor(
    host: ProcessHost,
    streams: ShellStreams,
    request: Omit<StartRequest, "nonce">,
    prologue: (nonce: string) => string,
  ) {
    this.#host = host;
    this.streams = streams;
    this.started = this.#started.promise;
    streams.status.on("data", this.#onData);
    host.closed.addEventListener("abort", this.#onHostClosed, { once: true });
    // Deferred, so that the caller can set its listeners first.
    if (host.closed.aborted) queueMicrotask(this.#onHostClosed);
    streams.start({ ...request, nonce: this.nonce });
    streams.in.write(prologue(this.nonce));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The host's pid; undefined until the process has reported its own. */
  get pid(): number | undefined {
    if (this.#pid === undefined && this.#pidInside !== undefined) this.#pid = this.#host.resolvePid(this.#pidInside);
    return this.#pid;
  }

  /** Pid, as seen inside, of the process that has the terminal. */
  get terminalPid(): number | undefined {
    return this.#terminalPid;
  }

  /** Checks that the process is alive until the result is disposed. */
  watch(): Disposable {
    clearInterval(this.#watch);
    this.#watch = setInterval(() => void this.#checkAlive(), aliveCheckMs);
    return { [Symbol.dispose]: () => clearInterval(this.#watch) };
  }

  /** Treats the process as ended, whether or not it still exists. */
  end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    this.streams.status.off("data", this.#onData);
    this.#host.closed.removeEventListener("abort", this.#onHostClosed);
    this.streams.release();
    this.#started.resolve();
    this.onExit(code);
  }

  async #checkAlive(): Promise<void> {
    const { pid } = this;
    if (pid !== undefined && !(await this.#host.isAlive(pid))) setTimeout(() => this.end(-1), exitRecordGraceMs);
  }

  #parse(text: string): void {
    let at = 0;
    for (let nul = text.indexOf("\0"); nul >= 0; nul = text.indexOf("\0", at)) {
      this.#append(text.slice(at, nul));
      this.#fields.push(this.#field.length > maxFieldChars ? "" : this.#field);
      this.#field = "";
      at = nul + 1;
      if (this.#fields.length === 4) this.#handle(this.#fields.splice(0));
    }
    this.#append(text.slice(at));
  }

  #append(text: string): void {
    if (this.#field.length <= maxFieldChars) this.#field += text;
  }

  #handle([kind = "", first = "", second = "", third = ""]: readonly string[]): void {
    if (kind === "pid") {
      this.#pidInside = Number(first);
      this.#terminalPid = Number(second);
      this.#started.resolve();
    } else if (kind !== "exit") this.onRecord({ kind, first, second, third });
    else if (second === this.nonce) this.end(Number(first));
  }
}
