/**
 * The conversation's shell from outside: one command at a time. A command that outlives its time-out keeps its bash and goes on as a
 * job; the next one has a new bash, which is as the old one was before that command.
 *
 *   no bash --ready--> idle --run--> busy --end of the command--> idle
 *   any --exit record, or the process is no more--> no bash, and what it knew is lost but the directory
 *   busy --time-out--> no bash, and what it knew is carried over
 */
import { setTimeout as wait } from "node:timers/promises";
import type { ExecOptions, ExecResult } from "../runtime.ts";
import { ShellProcess, type StatusRecord } from "./shell-process.ts";
import type { ProcessHost } from "./process-host.ts";
import { RunningCommand } from "./running-command.ts";
import { startOfWholeCharacters } from "./output/head-tail-buffer.ts";
import { OutputBuffer } from "./output/output-buffer.ts";
import type { OutputFiles } from "./output/output-file.ts";
import type { OutputSource } from "./shell-streams.ts";

const earlyBytes = 16 * 1024;
/** It takes 0.2 ms; a signal in the middle of it could break it off. */
const tellMs = 1000;

export interface Execution {
  /** Settles when the command has ended, or goes on as a job; never rejects. */
  readonly result: Promise<ExecResult>;
  takeOutput(): string;
  /** Called when there may be output to take. */
  onOutput: () => void;
  stop(): void;
}

export interface ShellSessionOptions {
  readonly box: ProcessHost;
  readonly files: OutputFiles;
  /** Is given a command that outlived its time-out; false where there are too many, then it is interrupted. */
  readonly onLeft: (id: string, text: string, command: RunningCommand) => boolean;
}

export class ShellSession {
  readonly #parts: ShellSessionOptions;
  #cwd: string;
  #bash: ShellProcess | undefined;
  /** What the bash tells of itself after its last command; that comes right after the command's end. */
  #state: Promise<string> = Promise.resolve("");
  readonly #telling = new WeakMap<ShellProcess, (state: string) => void>();
  /** It is too much to be told after each command. */
  #stateIsHuge = false;
  #count = 0;
  /** `$?` for the next command. */
  #last = 0;
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;

  constructor(parts: ShellSessionOptions, cwd: string) {
    this.#parts = parts;
    this.#cwd = cwd;
  }

  get cwd(): string {
    return this.#cwd;
  }

  /** Enough for another bash to be as this one is; empty for a fresh one. */
  state(): Promise<string> {
    return Promise.race([this.#state, wait(tellMs, "", { ref: false })]);
  }

  /** Sees to it that there is a bash. Fails where no streams can be made for it. */
  async ready(): Promise<void> {
    if (this.#bash !== undefined) return;
    const { box } = this.#parts;
    const state = await this.state();
    const seat = await box.openStreams("shell");
    const request = { kind: "shell", cwd: this.#cwd, cleanEnvironment: state !== "", terminal: false } as const;
    const bash = new ShellProcess(box, seat, request, (nonce) => seat.prologue(nonce, state));
    this.#bash = bash;
    this.#idle(seat.output);
    bash.onExit = () => this.#lost(bash);
  }

  /** Only when it is ready and nothing runs. The time-out counts from now. */
  run(text: string, options: ExecOptions): Execution {
    const { box, files } = this.#parts;
    const bash = this.#bash;
    if (bash === undefined) throw new Error("the shell is not ready");
    const command = new RunningCommand(box, bash, ++this.#count, new OutputBuffer(files, options.maxOutputBytes));
    bash.onRecord = (record) => this.#told(command, record);
    bash.onExit = (code) => {
      this.#lost(bash);
      command.over({ how: "shell_exit", code });
    };
    for (const bytes of this.#early.splice(0)) command.output.add(bytes);
    this.#earlyBytes = 0;
    const running = new Running(command, {
      timeoutMs: options.timeoutMs,
      cwd: () => this.#cwd,
      forgets: () => this.#stateIsHuge,
      limitHit: (code) => box.limitHit(code),
      leave: () => options.jobId !== undefined && this.#leave(options.jobId, text, command),
      over: (code) => {
        this.#idle(bash.streams.output);
        this.#last = code;
      },
    });
    const write = () =>
      void bash.streams.in.write(
        bash.streams.commandLines({
          number: command.number,
          lastExitCode: this.#last,
          command: text,
          input: options.input,
          tagged: box.tagsCommands,
          reportsState: !this.#stateIsHuge,
        }),
      );
    if (command.looked instanceof Promise) void command.looked.then(write);
    else write();
    return running;
  }

  /** What is printed while no command runs is for the next one, the last of it. */
  early(bytes: Buffer): void {
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes <= earlyBytes) return;
    const last = Buffer.concat(this.#early).subarray(-earlyBytes);
    this.#early.splice(0, this.#early.length, last.subarray(startOfWholeCharacters(last)));
    this.#earlyBytes = last.length;
  }

  #idle(pipe: OutputSource): void {
    pipe.onData((bytes) => this.early(bytes));
  }

  #told(command: RunningCommand, { kind, first, second, third }: StatusRecord): void {
    const { process: bash } = command;
    const mine = bash === this.#bash;
    if (kind === "state") {
      this.#telling.get(bash)?.(first);
      if (mine) this.#stateIsHuge = first === "";
    } else if (Number(kind) === command.number) {
      if (mine && third !== "") this.#cwd = third;
      if (mine && !this.#stateIsHuge) {
        const { promise, resolve } = Promise.withResolvers<string>();
        this.#state = promise;
        this.#telling.set(bash, resolve);
      }
      command.over({ how: "done", code: Number(first === "run" ? second : first) });
    }
  }

  #leave(id: string, text: string, command: RunningCommand): boolean {
    const { process: bash } = command;
    if (!this.#parts.onLeft(id, text, command)) return false;
    command.leave();
    this.#bash = undefined;
    this.#stateIsHuge = false;
    this.#last = 0;
    void command.end.then(async () => {
      await bash.streams.output.drain();
      this.#idle(bash.streams.output);
      bash.streams.in.write("\\builtin exit\n");
    });
    return true;
  }

  #lost(bash: ShellProcess): void {
    this.#telling.get(bash)?.("");
    if (this.#bash !== bash) return;
    this.#bash = undefined;
    this.#state = Promise.resolve("");
    this.#stateIsHuge = false;
  }
}

interface RunningParts {
  readonly timeoutMs: number;
  readonly cwd: () => string;
  /** What the shell knows is lost with it. */
  readonly forgets: () => boolean;
  /** Whether it goes on as a job. */
  readonly leave: () => boolean;
  readonly limitHit: ProcessHost["limitHit"];
  /** It has ended, with `$?` for the next command. */
  readonly over: (code: number) => void;
}

class Running implements Execution {
  readonly result: Promise<ExecResult>;
  onOutput: () => void = () => {};
  readonly #command: RunningCommand;
  readonly #parts: RunningParts;
  readonly #timer: NodeJS.Timeout;
  readonly #left = Promise.withResolvers<ExecResult>();
  #endedBy: "timeout" | "stop" | "job" | undefined;
  #interrupted: Promise<void> | undefined;

  constructor(command: RunningCommand, parts: RunningParts) {
    this.#command = command;
    this.#parts = parts;
    command.process.streams.output.onData((bytes) => {
      command.output.add(bytes);
      this.onOutput();
    });
    this.#timer = setTimeout(() => this.#timeUp(), parts.timeoutMs);
    this.result = Promise.race([this.#finish(), this.#left.promise]);
  }

  takeOutput(): string {
    return this.#command.output.takeLive();
  }

  stop(): void {
    this.#interrupt("stop");
  }

  #interrupt(why: "timeout" | "stop"): void {
    if (this.#endedBy !== undefined || this.#command.ended) return;
    this.#endedBy = why;
    this.#interrupted = this.#command.interrupt();
  }

  #timeUp(): void {
    if (this.#endedBy !== undefined || this.#command.ended) return;
    const { durationMs, output } = this.#command;
    const more = this.#parts.forgets() ? ({ forgets: true } as const) : {};
    if (!this.#parts.leave()) return this.#interrupt("timeout");
    this.#endedBy = "job";
    const left = { exitCode: -1, cwd: this.#parts.cwd(), durationMs, endedBy: "job" } as const;
    this.#left.resolve(output.collect().then((kept) => ({ ...kept, ...left, ...more })));
  }

  async #finish(): Promise<ExecResult> {
    const command = this.#command;
    const pipe = command.process.streams.output;
    using _watch = command.process.watch();
    const { how, code } = await command.end;
    clearTimeout(this.#timer);
    if (this.#endedBy === "job") return this.#left.promise;
    // Everything printed before the status is in the pipe by now, so a command need not close it to be over.
    await pipe.drain();
    if (this.#interrupted !== undefined) {
      await this.#interrupted;
      await pipe.drain();
    }
    const byItself = this.#endedBy === undefined;
    this.#parts.over(byItself && how === "done" ? code : 0);
    const kept = await command.output.finish();
    const limit = this.#parts.limitHit(code);
    const endedBy = this.#endedBy ?? (how === "shell_exit" ? how : undefined);
    return {
      ...kept,
      exitCode: byItself ? code : 130,
      cwd: this.#parts.cwd(),
      durationMs: command.durationMs,
      ...(endedBy === undefined ? {} : { endedBy }),
      ...(limit === undefined ? {} : { limit }),
    };
  }
}
