/**
 * The conversation's shell from outside: one command at a time, its end read from the status records and never from what is printed.
 *
 *   absent --first command--> starting --pid record--> running <-> idle
 *   any --exit record, or the process is no more--> absent
 *
 * An interrupt (time-out, stop) goes through these steps, each of which may already be the last:
 *   at once  USR1 to the shell, SIGINT to what the command started
 *   250 ms   SIGINT to the shell, for a builtin that waits (`read`)
 *   500 ms   SIGKILL to what the command started
 *   650 ms   SIGKILL to the shell
 *   800 ms   the result, whatever the state
 */
import type { ExecOptions, ExecResult } from "../runtime.ts";
import type { Box } from "./box.ts";
import { newNonce } from "./lane.ts";
import { Output, startOfWholeCharacters, type OutputFiles } from "./output.ts";

const shellIntMs = 250;
const killMs = 500;
const killShellMs = 650;
const giveUpMs = 800;
const lookMs = 20;
/** How often a running command's shell is looked after: a keeper that was killed reports nothing. */
const aliveMs = 1000;
const earlyBytes = 16 * 1024;

type End = { readonly how: "done"; readonly code: number } | { readonly how: "shell_exit"; readonly code: number };

interface Running {
  readonly count: number;
  readonly end: PromiseWithResolvers<End>;
  ended: boolean;
}

export interface Execution {
  /** Settles when the command has ended; never rejects. */
  readonly result: Promise<ExecResult>;
  takeOutput(): string;
  /** Called when there may be output to take. */
  onOutput: () => void;
  interrupt(why: "timeout" | "stop"): void;
}

export class Shell {
  readonly #box: Box;
  readonly #files: OutputFiles;
  #cwd: string;
  #nonce: string | undefined;
  #pidInside: number | undefined;
  #pid: number | undefined;
  #count = 0;
  /** `$?` for the next command. */
  #last = 0;
  #running: Running | undefined;
  #fields = "";
  readonly #early: Buffer[] = [];
  readonly #decoder = new TextDecoder();

  constructor(box: Box, files: OutputFiles, cwd: string) {
    this.#box = box;
    this.#files = files;
    this.#cwd = cwd;
    this.#idle();
    box.status.on("data", (bytes: Buffer) => this.#read(bytes));
    box.gone.addEventListener("abort", () => this.#exited(-1), { once: true });
  }

  get cwd(): string {
    return this.#cwd;
  }

  /** Only when nothing runs. The time-out counts from now. */
  run(command: string, options: ExecOptions): Execution {
    const startedAt = performance.now();
    const output = new Output(this.#files, options.keepBytes);
    const running: Running = { count: ++this.#count, end: Promise.withResolvers<End>(), ended: false };
    this.#running = running;
    this.#box.output.onData((bytes) => {
      output.add(bytes);
      execution.onOutput();
    });
    for (const bytes of this.#early.splice(0)) output.add(bytes);
    const before = this.#box.before(this.#hostPid(), running.count);
    let endedBy: ExecResult["endedBy"];
    const timer = setTimeout(() => interrupt("timeout"), options.timeoutMs);
    const watch = setInterval(() => void this.#lookAfter(), aliveMs);
    const interrupt = (why: "timeout" | "stop") => {
      if (endedBy !== undefined || running.ended) return;
      endedBy = why;
      interrupted = this.#interrupt(running, before);
    };
    let interrupted: Promise<void> | undefined;

    const finish = async (): Promise<ExecResult> => {
      const end = await running.end.promise;
      // Everything printed before the status is in the pipe by now, so a command need not close it to be over.
      await this.#box.output.drain();
      clearTimeout(timer);
      clearInterval(watch);
      if (interrupted !== undefined) {
        await interrupted;
        await this.#box.output.drain();
      }
      this.#idle();
      this.#running = undefined;
      this.#last = endedBy === undefined && end.how === "done" ? end.code : 0;
      const kept = await output.end();
      const limit = this.#box.limitHit(end.code);
      const why = endedBy ?? (end.how === "shell_exit" ? end.how : undefined);
      return {
        ...kept,
        exitCode: endedBy === undefined ? end.code : 130,
        cwd: this.#cwd,
        durationMs: performance.now() - startedAt,
        ...(why === undefined ? {} : { endedBy: why }),
        ...(limit === undefined ? {} : { limit }),
      };
    };
    const execution: Execution = { result: finish(), takeOutput: () => output.takeLive(), onOutput() {}, interrupt };
    if (this.#box.gone.aborted) this.#exited(-1);
    else if (before instanceof Promise) before.then(() => this.#write(running.count, command)).catch(() => {});
    else this.#write(running.count, command);
    return execution;
  }

  /** What jobs print while no command runs is for the next one, the last of it. */
  #idle(): void {
    let size = 0;
    this.#box.output.onData((bytes) => {
      this.#early.push(bytes);
      size += bytes.length;
      if (size <= earlyBytes) return;
      const last = Buffer.concat(this.#early).subarray(-earlyBytes);
      this.#early.splice(0, this.#early.length, last.subarray(startOfWholeCharacters(last)));
      size = last.length;
    });
  }

  #write(count: number, command: string): void {
    let opening = "";
    if (this.#nonce === undefined) {
      this.#nonce = newNonce();
      opening = this.#box.openShell(this.#nonce, this.#cwd);
    }
    this.#box.shellIn.write(opening + this.#box.lines(count, this.#last, command));
  }

  #read(bytes: Buffer): void {
    this.#fields += this.#decoder.decode(bytes, { stream: true });
    const fields = this.#fields.split("\0");
    while (fields.length > 4) {
      const [kind = "", code = "", last = "", cwd = ""] = fields.splice(0, 4);
      if (kind === "pid") this.#pidInside = Number(code);
      else if (kind === "exit") {
        if (last === this.#nonce) this.#exited(Number(code));
      } else if (Number(kind) === this.#running?.count) {
        if (cwd !== "") this.#cwd = cwd;
        this.#end({ how: "done", code: Number(code === "run" ? last : code) });
      }
    }
    this.#fields = fields.join("\0");
  }

  #end(end: End): void {
    if (this.#running === undefined || this.#running.ended) return;
    this.#running.ended = true;
    this.#running.end.resolve(end);
  }

  #exited(code: number): void {
    this.#nonce = undefined;
    this.#pidInside = undefined;
    this.#pid = undefined;
    this.#end({ how: "shell_exit", code });
  }

  #hostPid(): number | undefined {
    if (this.#pid === undefined && this.#pidInside !== undefined) this.#pid = this.#box.find(this.#pidInside);
    return this.#pid;
  }

  async #lookAfter(): Promise<void> {
    const pid = this.#hostPid();
    if (pid === undefined || (await this.#box.isAlive(pid))) return;
    // Its keeper's record would have come long ago.
    setTimeout(() => pid === this.#pid && this.#exited(-1), lookMs);
  }

  async #interrupt(running: Running, before: ReturnType<Box["before"]>): Promise<void> {
    const startedAt = performance.now();
    const told = new Set<number>();
    let shellTold = false;
    for (;;) {
      const shell = this.#hostPid();
      const sinceMs = performance.now() - startedAt;
      if (!running.ended && shell !== undefined) {
        this.#box.signal([shell], "SIGUSR1");
        if (sinceMs >= shellIntMs && !shellTold) {
          shellTold = true;
          this.#box.signal([shell], "SIGINT");
        }
      }
      const started = await this.#box.startedSince(await before, shell);
      if (running.ended && started.length === 0) return;
      const fresh = started.filter((pid) => !told.has(pid));
      for (const pid of fresh) told.add(pid);
      this.#box.signal(sinceMs < killMs ? fresh : started, sinceMs < killMs ? "SIGINT" : "SIGKILL");
      if (sinceMs >= killShellMs && !running.ended && shell !== undefined) this.#box.signal([shell], "SIGKILL");
      if (sinceMs >= giveUpMs) {
        // A shell that is not even known by its number could still come to life and read what is meant for the next.
        if (shell === undefined) await this.#box.kill();
        return this.#exited(-1);
      }
      await new Promise((resolve) => setTimeout(resolve, sinceMs < lookMs ? 2 : lookMs));
    }
  }
}
