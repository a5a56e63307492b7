import { DeckhandError } from "@deckhand/protocol";
import type { JobSignal } from "@deckhand/protocol";
import type { JobLook, JobStatus, Terminal, WaitOptions } from "../../jobs.ts";
import type { OutputBuffer } from "../output/output-buffer.ts";
import type { TerminalScreen } from "../terminals/terminal-screen.ts";

/** What carries it: a bash of its own, or a shell that it keeps. */
export interface JobOptions {
  readonly id: string;
  readonly command: string;
  readonly startedAt: number;
  readonly output: OutputBuffer;
  readonly signal: (name: `SIG${JobSignal}`) => void;
  /** Where it was started with one. */
  readonly input?: JobInput;
  readonly screen?: TerminalScreen;
  /** Tells the program, too. */
  readonly resize?: (terminal: Terminal) => Promise<void>;
}

export interface JobInput {
  write(text: string): void;
  /** Bytes that it has not read yet. */
  readonly waitingBytes: number;
  readonly ended: boolean;
  end(): void;
}

/** More than that is not meant to be typed. */
const maxWaitingBytes = 256 * 1024;

const lastChars = 2000;

export class Job {
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly #parts: JobOptions;
  readonly #ended = Promise.withResolvers<void>();
  #endedAt: number | undefined;
  #exitCode: number | undefined;
  /** Called when it prints or ends. */
  readonly #watchers = new Set<(what: "output" | "end") => void>();

  constructor(parts: JobOptions) {
    this.ended = this.#ended.promise;
    this.#parts = parts;
  }

  get running(): boolean {
    return this.#endedAt === undefined;
  }

  get status(): JobStatus {
    const { id, command, startedAt, screen } = this.#parts;
    return {
      id,
      command,
      startedAt,
      state: this.running ? "running" : "ended",
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
      ...(screen === undefined ? {} : { terminal: screen.size }),
    };
  }

  add(bytes: Buffer): void {
    this.#parts.output.add(bytes);
    this.#parts.screen?.add(bytes);
    for (const watcher of this.#watchers) watcher("output");
  }

  end(exitCode: number): void {
    this.#exitCode = exitCode;
    this.#endedAt = Date.now();
    for (const watcher of this.#watchers) watcher("end");
    this.#ended.resolve();
  }

  async look(): Promise<JobLook> {
    const { output, screen } = this.#parts;
    const { output: text, fullOutput: whole } = this.running ? await output.collect() : await output.finish();
    const kept = { status: this.status, ...(whole === undefined ? {} : { whole }) };
    if (screen === undefined) return { ...kept, output: text };
    return { ...kept, ...(await screen.shown()) };
  }

  /** The last of what nobody has looked at yet. */
  async last(): Promise<string> {
    const { output, screen } = this.#parts;
    return (screen === undefined ? output.peek() : (await screen.shown()).output).slice(-lastChars);
  }

  async wait({ timeoutMs, quietMs }: WaitOptions, signal: AbortSignal): Promise<void> {
    if (!this.running || signal.aborted || timeoutMs <= 0) return;
    const over = Promise.withResolvers<void>();
    const late = setTimeout(over.resolve, timeoutMs);
    let quiet: NodeJS.Timeout | undefined;
    const watcher = (what: "output" | "end") => {
      if (what === "end") over.resolve();
      else if (quietMs !== undefined) {
        clearTimeout(quiet);
        quiet = setTimeout(over.resolve, quietMs);
      }
    };
    const onAbort = () => over.resolve();
    this.#watchers.add(watcher);
    signal.addEventListener("abort", onAbort, { once: true });
    await over.promise;
    clearTimeout(late);
    clearTimeout(quiet);
    this.#watchers.delete(watcher);
    signal.removeEventListener("abort", onAbort);
  }

  type(what: { readonly text: string } | { readonly keys: readonly string[] }): void {
    const { id, screen } = this.#parts;
    const input = this.#input();
    if ("text" in what) return input.write(what.text);
    for (const key of what.keys) {
      if (screen !== undefined) input.write(screen.key(key));
      else if (key === "enter") input.write("\n");
      else if (key === "ctrl-d") input.end();
      else if (key === "ctrl-c") this.#parts.signal("SIGINT");
      else
        throw new DeckhandError(
          "bad_tool_args",
          `Job ${id} has no terminal, so it takes only enter, ctrl-c and ctrl-d.`,
        );
    }
  }

  signal(name: JobSignal): void {
    if (this.running) this.#parts.signal(`SIG${name}`);
  }

  async resize(terminal: Terminal): Promise<void> {
    const { id, screen, resize } = this.#parts;
    if (screen === undefined) throw new DeckhandError("bad_tool_args", `Job ${id} has no terminal.`);
    if (!this.running) return;
    screen.resize(terminal);
    await resize?.(terminal);
  }

  #input(): JobInput {
    const { id, input } = this.#parts;
    const why = !this.running
      ? "has ended"
      : input === undefined
        ? "has no input, because it was not started in the background"
        : input.ended
          ? "has been told that its input is over"
          : input.waitingBytes > maxWaitingBytes
            ? "does not read what was typed before"
            : undefined;
    if (input === undefined || why !== undefined) throw new DeckhandError("bad_tool_args", `Job ${id} ${why}.`);
    return input;
  }
}
