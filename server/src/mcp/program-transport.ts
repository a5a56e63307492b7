/** MCP over the standard streams of a program: a message a line. What it says on stderr is bounded and goes to the log. */
import { ReadBuffer, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { write, type Program } from "../programs/program.ts";

/** A picture of some mebibytes fits; what comes without an end does not. */
const longestMessageBytes = 16 * 1024 * 1024;
/** Of what one start says on stderr, as much as helps to find out why it failed. */
const toldBytes = 8192;
const lastWords = 500;
/** A stop of the whole server is to take less than a second. */
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
  readonly #buffer = new ReadBuffer({ maxBufferSize: longestMessageBytes });
  #program: Program | undefined;
  #told = 0;
  #last = "";
  #problem: string | undefined;

  constructor(options: ProgramTransportOptions) {
    this.#options = options;
  }

  /** Why it ended, as far as it said: the end of its stderr. */
  get whyGone(): string {
    const words = this.#last.trim();
    return this.#problem ?? (words === "" ? "It has ended." : `It has ended: ${words}`);
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
        // A line that is no message: programs print what they like.
        this.onerror?.(error as Error);
      }
    }
  }

  #log(chunk: Buffer): void {
    const text = chunk.toString("utf8");
    this.#last = (this.#last + text).slice(-lastWords);
    if (this.#told >= toldBytes) return;
    this.#told += chunk.byteLength;
    const cut = this.#told >= toldBytes;
    for (const line of text.split("\n")) if (line.trim() !== "") this.#options.log(line.slice(0, 500));
    if (cut) this.#options.log("(more of its stderr is left out)");
  }
}
