/**
 * The conversation's shell: one command at a time. A command that outlives its time-out keeps its shell process and
 * continues as a job; the next command gets a new process with the state that the old one had before that command.
 *
 *   no process --ready()--> idle --run()--> busy --the command ends--> idle
 *   any --exit record, or the process is gone--> no process; its state is lost except for the directory
 *   busy --time-out, detached--> no process; its state is carried over
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ExecOptions } from "../runtime.ts";
import { startOfWholeCharacters } from "./output/head-tail-buffer.ts";
import { OutputBuffer } from "./output/output-buffer.ts";
import type { OutputFiles } from "./output/output-file.ts";
import type { ProcessHost } from "./process-host.ts";
import { RunningCommand } from "./running-command.ts";
import { ShellProcess, type StatusRecord } from "./shell-process.ts";
import type { OutputSource } from "./shell-streams.ts";

/** Output between commands that is kept for the next one. */
const maxIdleOutputBytes = 16 * 1024;
/** Reporting the state takes 0.2 ms on a quiet machine; a signal that arrives meanwhile could cut it short. */
const stateTimeoutMs = 5000;

export interface ShellSessionOptions {
  readonly host: ProcessHost;
  readonly files: OutputFiles;
  /**
   * Takes over a command that outlived its time-out; false if there are too many jobs, and the command is interrupted.
   */
  readonly onDetach: (jobId: string, command: RunningCommand) => boolean;
}

export interface StartedShell {
  readonly host: ProcessHost;
  readonly session: ShellSession;
}

export class ShellSession {
  readonly #options: ShellSessionOptions;
  #cwd: string;
  #process: ShellProcess | undefined;
  /**
   * What the shell reports after its last command, right after that command's end record; empty if the state is too
   * large. Undefined until the first command of a fresh shell has ended.
   */
  #state: Promise<string> | undefined;
  readonly #stateReceivers = new WeakMap<ShellProcess, (state: string) => void>();
  /** The state is too large to be reported after every command. */
  #stateIsHuge = false;
  #commands = 0;
  /** `$?` for the next command. */
  #lastExitCode = 0;
  readonly #idleOutput: Buffer[] = [];
  #idleOutputBytes = 0;

  constructor(options: ShellSessionOptions, cwd: string) {
    this.#options = options;
    this.#cwd = cwd;
  }

  get cwd(): string {
    return this.#cwd;
  }

  /** A script that gives another bash the state of this one; empty for a fresh shell. */
  state(): Promise<string> {
    return Promise.race([this.#state ?? "", delay(stateTimeoutMs, "", { ref: false })]);
  }

  /** The shell has a state, but cannot pass it on to another one. */
  async #losesState(): Promise<boolean> {
    return this.#state !== undefined && (await this.state()) === "";
  }

  /** Starts a shell process if there is none. Rejects if its streams cannot be opened. */
  async ready(): Promise<void> {
    if (this.#process !== undefined) return;
    const { host } = this.#options;
    const state = await this.state();
    if (state === "") this.#state = undefined;
    const streams = await host.openStreams("shell");
    const request = { kind: "shell", cwd: this.#cwd, cleanEnvironment: state !== "", terminal: false } as const;
    const process = new ShellProcess(host, streams, request, (nonce) => streams.prologue(nonce, state));
    this.#process = process;
    this.#collectIdleOutput(streams.output);
    process.onExit = () => this.#onProcessExit(process);
  }

  /** Call only after `ready()`, and while nothing runs. The time-out starts now. */
  run(text: string, options: ExecOptions): RunningCommand {
    const { host, files } = this.#options;
    const process = this.#process;
    if (process === undefined) throw new Error("the shell is not ready");
    const output = new OutputBuffer(files, options.maxOutputBytes);
    const command = new RunningCommand({
      host,
      process,
      number: ++this.#commands,
      text,
      output,
      timeoutMs: options.timeoutMs,
      session: {
        cwd: () => this.#cwd,
        losesState: () => this.#losesState(),
        detach: (detached) => options.jobId !== undefined && this.#detach(options.jobId, detached),
        onIdle: (exitCode) => {
          this.#collectIdleOutput(process.streams.output);
          this.#lastExitCode = exitCode;
        },
      },
    });
    process.onRecord = (record) => this.#onRecord(command, record);
    process.onExit = (code) => {
      this.#onProcessExit(process);
      command.settle({ type: "shell_exited", code });
    };
    for (const bytes of this.#idleOutput.splice(0)) output.add(bytes);
    this.#idleOutputBytes = 0;
    void command.ready.then(() =>
      process.streams.in.write(
        process.streams.commandLines({
          number: command.number,
          lastExitCode: this.#lastExitCode,
          command: text,
          input: options.input,
          tagged: host.tagsCommands,
          reportsState: !this.#stateIsHuge,
        }),
      ),
    );
    return command;
  }

  /** Output that arrives while no command runs belongs to the next one; only the last of it is kept. */
  addIdleOutput(bytes: Buffer): void {
    this.#idleOutput.push(bytes);
    this.#idleOutputBytes += bytes.length;
    if (this.#idleOutputBytes <= maxIdleOutputBytes) return;
    const last = Buffer.concat(this.#idleOutput).subarray(-maxIdleOutputBytes);
    this.#idleOutput.splice(0, this.#idleOutput.length, last.subarray(startOfWholeCharacters(last)));
    this.#idleOutputBytes = last.length;
  }

  #collectIdleOutput(output: OutputSource): void {
    output.onData((bytes) => this.addIdleOutput(bytes));
  }

  #onRecord(command: RunningCommand, { kind, first, second, third }: StatusRecord): void {
    const { process } = command;
    const isCurrent = process === this.#process;
    if (kind === "state") {
      this.#stateReceivers.get(process)?.(first);
      if (isCurrent) this.#stateIsHuge = first === "";
    } else if (Number(kind) === command.number) {
      if (isCurrent && third !== "") this.#cwd = third;
      if (isCurrent && !this.#stateIsHuge) {
        const { promise, resolve } = Promise.withResolvers<string>();
        this.#state = promise;
        this.#stateReceivers.set(process, resolve);
      }
      command.settle({ type: "exited", code: Number(first === "run" ? second : first) });
    }
  }

  #detach(jobId: string, command: RunningCommand): boolean {
    if (!this.#options.onDetach(jobId, command)) return false;
    const { streams } = command.process;
    this.#process = undefined;
    this.#stateIsHuge = false;
    this.#lastExitCode = 0;
    void command.end.then(async () => {
      await streams.output.drain();
      this.#collectIdleOutput(streams.output);
      streams.in.write("\\builtin exit\n");
    });
    return true;
  }

  #onProcessExit(process: ShellProcess): void {
    this.#stateReceivers.get(process)?.("");
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#state = undefined;
    this.#stateIsHuge = false;
  }
}
