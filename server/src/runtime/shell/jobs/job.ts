/**
 * One job: a command with a shell process of its own, or one that outlived its time-out and keeps the shell it ran in.
 */
import { DeckhandError, type JobSignal } from "@deckhand/protocol";
import type { JobLook, JobStatus, Terminal, TypedInput, WaitOptions } from "../../jobs.ts";
import type { OutputBuffer } from "../output/output-buffer.ts";
import type { TerminalScreen } from "../terminals/terminal-screen.ts";

export interface JobOptions {
  readonly id: string;
  readonly command: string;
  readonly startedAt: number;
  readonly output: OutputBuffer;
  readonly signal: (name: `SIG${JobSignal}`) => void;
  /** Only for jobs that were started in the background. */
  readonly input?: JobInput;
  readonly screen?: TerminalScreen;
  /** Tells the program about the new size. */
  readonly resize?: (terminal: Terminal) => Promise<void>;
}

export interface JobInput {
  write(text: string): void;
  /** Bytes that the program has not read yet. */
  readonly waitingBytes: number;
  readonly ended: boolean;
  end(): void;
}

/** More input than that was not typed. */
const maxWaitingBytes = 256 * 1024;

const lastOutputChars = 2000;

export class Job {
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly #options: JobOptions;
  readonly #ended = Promise.withResolvers<void>();
  #endedAt: number | undefined;
  #exitCode: number | undefined;
  readonly #watchers = new Set<(event: "output" | "end") => void>();

  constructor(options: JobOptions) {
    this.ended = this.#ended.promise;
    this.#options = options;
  }

  get running(): boolean {
    return this.#endedAt === undefined;
  }

  get status(): JobStatus {
    const { id, command, startedAt, screen } = this.#options;
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
    this.#options.output.add(bytes);
    this.#options.screen?.add(bytes);
    for (const watcher of this.#watchers) watcher("output");
  }

  end(exitCode: number): void {
    this.#exitCode = exitCode;
    this.#endedAt = Date.now();
    for (const watcher of this.#watchers) watcher("end");
    this.#ended.resolve();
  }

  async look(): Promise<JobLook> {
    const { output, screen } = this.#options;
    const { output: text, fullOutput } = this.running ? await output.collect() : await output.finish();
    const common = { status: this.status, ...(fullOutput === undefined ? {} : { fullOutput }) };
    if (screen === undefined) return { ...common, output: text };
    return { ...common, ...(await screen.shown()) };
  }

  /** The end of the output that nobody has looked at yet. */
  async lastOutput(): Promise<string> {
    const { output, screen } = this.#options;
    return (screen === undefined ? output.peek() : (await screen.shown()).output).slice(-lastOutputChars);
  }

  async wait({ timeoutMs, quietMs }: WaitOptions, signal: AbortSignal): Promise<void> {
    if (!this.running || signal.aborted || timeoutMs <= 0) return;
    const over = Promise.withResolvers<void>();
    const late = setTimeout(over.resolve, timeoutMs);
    let quiet: NodeJS.Timeout | undefined;
    const watcher = (event: "output" | "end") => {
      if (event === "end") over.resolve();
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

  type(typed: TypedInput): void {
    const { id, screen } = this.#options;
    const input = this.#input();
    if (typed.type === "text") return input.write(typed.text);
    for (const key of typed.keys) {
      if (screen !== undefined) input.write(screen.key(key));
      else if (key === "enter") input.write("\n");
      else if (key === "ctrl-d") input.end();
      else if (key === "ctrl-c") this.#options.signal("SIGINT");
      else {
        const why = `Job ${id} has no terminal. It accepts only the keys enter, ctrl-c and ctrl-d.`;
        throw new DeckhandError("bad_tool_args", why);
      }
    }
  }

  signal(name: JobSignal): void {
    if (this.running) this.#options.signal(`SIG${name}`);
  }

  async resize(terminal: Terminal): Promise<void> {
    const { id, screen, resize } = this.#options;
    if (screen === undefined) throw new DeckhandError("bad_tool_args", `Job ${id} has no terminal.`);
    if (!this.running) return;
    screen.resize(terminal);
    await resize?.(terminal);
  }

  #input(): JobInput {
    const { id, input } = this.#options;
    const why = !this.running
      ? "has ended"
      : input === undefined
        ? "has no input, because it was not started in the background"
        : input.ended
          ? "has already received the end of its input"
          : input.waitingBytes > maxWaitingBytes
            ? "has not read its earlier input"
            : undefined;
    if (input === undefined || why !== undefined) throw new DeckhandError("bad_tool_args", `Job ${id} ${why}.`);
    return input;
  }
}
