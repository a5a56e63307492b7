/** MCP over the standard streams of a program, one message per line. Its stderr goes to the log, up to a limit. */
import { ReadBuffer, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { write, type Program } from "../programs/program.ts";

/** Fits an image of several mebibytes; stops a message without an end. */
const maxMessageBytes = 16 * 1024 * 1024;
/** Enough of one start's stderr to find out why it failed. */
const maxStderrBytes = 8192;
const stderrTailChars = 500;
/** Stopping the whole server should take less than a second. */
const graceMs = 300;

export interface ProgramTransportOptions {
  readonly start: () => Program;
  readonly log: (line: string) => void;
}

export class ProgramTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #options: ProgramTransportOptions;
  readonly #buffer = new ReadBuffer({ maxBufferSize: maxMessageBytes });
  #program: Program | undefined;
  #stderrBytes = 0;
  #stderrTail = "";
  #problem: string | undefined;

  constructor(options: ProgramTransportOptions) {
    this.#options = options;
  }

  /** Why the program exited: the end of its stderr. */
  get exitReason(): string {
    const tail = this.#stderrTail.trim();
    return this.#problem ?? (tail === "" ? "The server has exited." : `The server has exited: ${tail}`);
  }

  async start(): Promise<void> {
    const program = this.#options.start();
    this.#program = program;
    program.child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    program.child.stderr.on("data", (chunk: Buffer) => this.#log(chunk));
    void program.ended.then(({ problem }) => {
      this.#problem = problem;
      this.onclose?.();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#program !== undefined) await write(this.#program, serializeMessage(message));
  }

  async close(): Promise<void> {
    await this.#program?.end(graceMs);
  }

  #read(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
    } catch (error) {
      this.onerror?.(error as Error);
      void this.close();
      return;
    }
    while (true) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
      } catch (error) {
        // Not a message: some programs print other things on stdout.
        this.onerror?.(error as Error);
      }
    }
  }

  #log(chunk: Buffer): void {
    const text = chunk.toString("utf8");
    this.#stderrTail = (this.#stderrTail + text).slice(-stderrTailChars);
    if (this.#stderrBytes >= maxStderrBytes) return;
    this.#stderrBytes += chunk.byteLength;
    const cut = this.#stderrBytes >= maxStderrBytes;
    for (const line of text.split("\n")) if (line.trim() !== "") this.#options.log(line.slice(0, 500));
    if (cut) this.#options.log("(further stderr output is not logged)");
  }
}
