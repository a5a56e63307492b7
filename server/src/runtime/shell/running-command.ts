/**
 * One command of the shell session. It owns everything about that command: its output, its time-out, how it is
 * interrupted, its processes and its result.
 *
 *   running --end record, or the shell exits--> ended
 *   running --stop() or time-out--> interrupted --> ended
 *   running --time-out, with a job id--> detached --> ended
 *
 * `result` settles when the command has ended or was detached. A detached command keeps its shell process and belongs
 * to a job from then on (jobs/background-jobs.ts).
 */
import type { ExecResult } from "../runtime.ts";
import { interrupt } from "./interrupt.ts";
import { killTree } from "./kill-tree.ts";
import type { OutputBuffer } from "./output/output-buffer.ts";
import type { ProcessBaseline, ProcessHost } from "./process-host.ts";
import type { ShellProcess } from "./shell-process.ts";

export interface CommandEnd {
  readonly type: "exited" | "shell_exited";
  readonly code: number;
}

/** Small output arrives whole in the result within this time; only commands that take longer are streamed. */
const firstDeltaMs = 25;
/** The interval after that: too short for a person to notice, and a flood of output makes no flood of deltas. */
const deltaIntervalMs = 100;
/** The exit code of a command that was interrupted: 128 + SIGINT. */
const interruptedCode = 130;

/** Signals that ask a process to terminate. */
const terminating: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

export interface RunningCommandOptions {
  readonly host: ProcessHost;
  readonly process: ShellProcess;
  /** Counts the session's commands. */
  readonly number: number;
  readonly text: string;
  readonly output: OutputBuffer;
  readonly timeoutMs: number;
  readonly session: CommandSession;
}

/** What a command needs to know of its session. */
export interface CommandSession {
  cwd(): string;
  /** The shell's state is too large to carry over, so it stays with a detached command. */
  losesState(): Promise<boolean>;
  /** Hands the command over to a job; false if it must be interrupted instead. */
  detach(command: RunningCommand): boolean;
  /** The command has ended and the shell is free; `exitCode` is `$?` for the next command. */
  onIdle(exitCode: number): void;
}

export class RunningCommand {
  readonly text: string;
  readonly number: number;
  readonly process: ShellProcess;
  readonly output: OutputBuffer;
  readonly startedAt = Date.now();
  /** Never rejects. */
  readonly end: Promise<CommandEnd>;
  /** Settles when the command has ended or was detached; never rejects. */
  readonly result: Promise<ExecResult>;
  /** Resolves when the command may be written to the shell. */
  readonly ready: Promise<unknown>;
  readonly #host: ProcessHost;
  readonly #session: CommandSession;
  readonly #startedMs = performance.now();
  readonly #baseline: Promise<ProcessBaseline>;
  readonly #end = Promise.withResolvers<CommandEnd>();
  readonly #detached = Promise.withResolvers<ExecResult>();
  readonly #timer: NodeJS.Timeout;
  #onOutput: () => void = () => {};
  #hasEnded = false;
  /** Why the command did not run to its own end. */
  #endedBy: "timeout" | "stop" | "job" | undefined;
  #interrupted: Promise<void> | undefined;
  /**
   * What had been started when the command was detached. What leaves its process tree later can no longer be attributed
   * to it.
   */
  #startedBeforeDetach: Promise<readonly number[]> | undefined;

  constructor({ host, process, number, text, output, timeoutMs, session }: RunningCommandOptions) {
    this.text = text;
    this.number = number;
    this.process = process;
    this.output = output;
    this.end = this.#end.promise;
    this.#host = host;
    this.#session = session;
    this.#baseline = host.baseline(process.pid, number);
    this.ready = this.#baseline;
    process.streams.output.onData((bytes) => {
      output.add(bytes);
      this.#onOutput();
    });
    this.#timer = setTimeout(() => this.#onTimeout(), timeoutMs);
    this.result = Promise.race([this.#finish(), this.#detached.promise]);
  }

  /** Yields output as it arrives. The command is stopped when `signal` aborts or the caller stops iterating. */
  async *follow(signal: AbortSignal): AsyncGenerator<string, ExecResult> {
    let result: ExecResult | undefined;
    let wake = () => {};
    const settled = this.result.then((value) => {
      result = value;
      wake();
    });
    const onAbort = () => this.stop();
    signal.addEventListener("abort", onAbort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    let delayMs = firstDeltaMs;
    this.#onOutput = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        wake();
      }, delayMs);
      delayMs = deltaIntervalMs;
    };
    try {
      if (signal.aborted) onAbort();
      for (;;) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (result !== undefined) resolve();
        });
        if (result !== undefined) return result;
        const text = this.output.takeLive();
        if (text !== "") yield text;
      }
    } finally {
      if (result === undefined) this.stop();
      await settled;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  stop(): void {
    this.#interrupt("stop");
  }

  /** Called when the end record has arrived or the shell has exited. */
  settle(end: CommandEnd): void {
    this.#hasEnded = true;
    this.#end.resolve(end);
  }

  /** Signals the command's processes. A terminating signal, or SIGKILL, ends the rest of the command list, too. */
  signal(name: NodeJS.Signals): void {
    const shell = this.#hasEnded || this.process.pid === undefined ? [] : [this.process.pid];
    if (name === "SIGKILL") {
      void killTree(async () => [...shell, ...(await this.#startedProcesses())], this.#host);
      return;
    }
    if (terminating.has(name)) this.#host.signal(shell, "SIGUSR1");
    void this.#startedProcesses().then((started) => this.#host.signal(started, name));
  }

  get #durationMs(): number {
    return performance.now() - this.#startedMs;
  }

  #interrupt(why: "timeout" | "stop"): void {
    if (this.#endedBy !== undefined || this.#hasEnded) return;
    this.#endedBy = why;
    this.#interrupted = interrupt({
      host: this.#host,
      shell: this.process,
      hasEnded: () => this.#hasEnded,
      startedProcesses: () => this.#startedProcesses(),
    });
  }

  #onTimeout(): void {
    if (this.#endedBy !== undefined || this.#hasEnded) return;
    const durationMs = this.#durationMs;
    const losesState = this.#session.losesState();
    if (!this.#session.detach(this)) return this.#interrupt("timeout");
    this.#endedBy = "job";
    this.#startedBeforeDetach = this.#startedProcesses();
    const cwd = this.#session.cwd();
    this.#detached.resolve(
      Promise.all([this.output.collect(), losesState]).then(([collected, isLost]) => ({
        ...collected,
        exitCode: -1,
        cwd,
        durationMs,
        endedBy: "job",
        ...(isLost && { losesState: isLost }),
      })),
    );
  }

  async #finish(): Promise<ExecResult> {
    const { output } = this.process.streams;
    using _watch = this.process.watch();
    const { type, code } = await this.end;
    clearTimeout(this.#timer);
    if (this.#endedBy === "job") return this.#detached.promise;
    // Everything printed before the status record is in the pipe by now, so the command need not close the pipe to be
    // done.
    await output.drain();
    if (this.#interrupted !== undefined) {
      await this.#interrupted;
      await output.drain();
    }
    const wasInterrupted = this.#endedBy !== undefined;
    this.#session.onIdle(!wasInterrupted && type === "exited" ? code : 0);
    const collected = await this.output.finish();
    const limit = this.#host.limitHit(code);
    const endedBy = this.#endedBy ?? (type === "shell_exited" ? "shell_exit" : undefined);
    return {
      ...collected,
      exitCode: wasInterrupted ? interruptedCode : code,
      cwd: this.#session.cwd(),
      durationMs: this.#durationMs,
      ...(endedBy === undefined ? {} : { endedBy }),
      ...(limit === undefined ? {} : { limit }),
    };
  }

  /** The command's living processes, without the shell itself. */
  async #startedProcesses(): Promise<readonly number[]> {
    const { pid } = this.process;
    const startedBeforeDetach = this.#startedBeforeDetach;
    const baseline = await this.#baseline;
    if (startedBeforeDetach === undefined) return this.#host.startedSince(baseline, pid);
    const below = await this.#host.startedSince(baseline, pid, "below");
    const trees = await Promise.all((await startedBeforeDetach).map((each) => this.#host.treeOf(each)));
    return [...new Set([...below, ...trees.flat()])];
  }
}
