/** The jobs of one runtime. Each has a bash of its own in the box; what outlived its time-out keeps the shell that it ran in. */
import { DeckhandError, type JobSignal } from "@deckhand/protocol";
import type { JobLook, Jobs, JobStatus, NewJob, Terminal, WaitOptions } from "../../jobs.ts";
import type { StartedShell } from "../shell-runtime.ts";
import type { RunningCommand } from "../running-command.ts";
import { OutputBuffer } from "../output/output-buffer.ts";
import type { OutputFiles } from "../output/output-file.ts";
import type { Mutex } from "../mutex.ts";
import { requireTerminals, spawnBackground } from "./spawn-background.ts";
import { Job } from "./job.ts";
import { TerminalScreen } from "../terminals/terminal-screen.ts";

/** More at once are a mistake, on a machine of a few cores. */
const maxRunning = 20;
/** Ended ones of which the last output can still be seen. */
const maxEnded = 20;
/** A job that nobody ended in a day is forgotten by whoever started it. */
const longestMs = 24 * 3_600_000;

/** Of a terminal's answers that wait to be read; a person cannot type so much. */
export const maxAnswerBytes = 16 * 1024;

export interface BackgroundJobsOptions {
  readonly files: OutputFiles;
  readonly turns: Mutex;
  readonly start: () => Promise<StartedShell>;
}

export class BackgroundJobs implements Jobs {
  readonly #parts: BackgroundJobsOptions;
  readonly #jobs = new Map<string, Job>();
  #listener: (job: JobStatus, last: string) => void = () => {};

  constructor(parts: BackgroundJobsOptions) {
    this.#parts = parts;
  }

  async start(job: NewJob, signal: AbortSignal): Promise<JobStatus> {
    if (job.command.includes("\0")) throw new DeckhandError("bad_tool_args", "A command cannot contain a NUL byte.");
    const turn = await this.#parts.turns.lock(signal);
    if (turn === undefined) throw new DeckhandError("interrupted");
    using _ = turn;
    const { host: box, session: shell } = await this.#parts.start();
    if (this.#running().length >= maxRunning) {
      throw new DeckhandError("bad_tool_args", `${maxRunning} jobs run already. End one of them first.`);
    }
    const { terminal } = job;
    if (terminal !== undefined) await requireTerminals(box);
    const state = await shell.state();
    const seat = await box.openStreams("job");
    const screen =
      terminal === undefined
        ? undefined
        : await TerminalScreen.open({ ...terminal, scrollback: 0 }, seat.output, (text) => {
            // A program may ask for ever and read no answer.
            if (input.waitingBytes < maxAnswerBytes) input.write(text);
          });
    const {
      process: bash,
      input,
      signal: send,
      resize,
    } = spawnBackground({ host: box, streams: seat, cwd: shell.cwd, state, command: job.command, terminal });
    const started = new Job({
      id: job.id,
      command: job.command,
      startedAt: Date.now(),
      output: new OutputBuffer(this.#parts.files, job.maxOutputBytes),
      input,
      signal: send,
      ...(screen === undefined ? {} : { screen }),
      resize,
    });
    if (job.input !== undefined) input.write(job.input);
    seat.output.onData((bytes) => started.add(bytes));
    const watch = bash.watch();
    const over = async (code: number) => {
      watch[Symbol.dispose]();
      await seat.output.drain();
      // What it left in the background may go on printing.
      seat.output.onData((bytes) => shell.early(bytes));
      this.#end(started, code);
    };
    bash.onExit = (code) => void over(code);
    this.#add(started);
    return started.status;
  }

  /** Takes over a command that outlived its time-out; false where there are too many. */
  adopt(id: string, text: string, command: RunningCommand): boolean {
    if (this.#running().length >= maxRunning) return false;
    const { output, startedAt, process: bash } = command;
    const job = new Job({ id, command: text, startedAt, output, signal: (name) => command.signal(name) });
    bash.streams.output.onData((bytes) => job.add(bytes));
    void command.end.then(async ({ code }) => {
      await bash.streams.output.drain();
      this.#end(job, code);
    });
    this.#add(job);
    return true;
  }

  list(): readonly JobStatus[] {
    return [...this.#jobs.values()].map(({ status }) => status);
  }

  wait(id: string, options: WaitOptions, signal: AbortSignal): Promise<void> {
    return this.#job(id).wait(options, signal);
  }

  look(id: string): Promise<JobLook> {
    return this.#job(id).look();
  }

  type(id: string, what: { readonly text: string } | { readonly keys: readonly string[] }): void {
    this.#job(id).type(what);
  }

  signal(id: string, signal: JobSignal): void {
    this.#job(id).signal(signal);
  }

  async resize(id: string, terminal: Terminal): Promise<void> {
    await this.#job(id).resize(terminal);
  }

  onEnd(listener: (job: JobStatus, last: string) => void): void {
    this.#listener = listener;
  }

  #running(): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.running);
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    const known = [...this.#jobs.keys()].join(", ") || "none";
    throw new DeckhandError("bad_tool_args", `There is no job ${id} (any more). Those there are: ${known}.`);
  }

  #add(job: Job): void {
    this.#jobs.set(job.status.id, job);
    const late = setTimeout(() => job.signal("KILL"), longestMs).unref();
    void job.ended.then(() => clearTimeout(late));
  }

  #end(job: Job, code: number): void {
    job.end(code);
    const ended = [...this.#jobs.values()].filter((each) => !each.running);
    const [oldest] = ended;
    if (ended.length > maxEnded && oldest !== undefined) this.#jobs.delete(oldest.status.id);
    void job.last().then((last) => this.#listener(job.status, last));
  }
}
