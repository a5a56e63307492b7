/**
 * The jobs of one runtime. Each has its own shell process; a command that outlived its time-out keeps the one it ran
 * in.
 */
import { DeckhandError, type JobSignal } from "@deckhand/protocol";
import type { Mutex } from "../../../async/mutex.ts";
import type { TypedInput, JobLook, Jobs, JobStatus, NewJob, Terminal, WaitOptions } from "../../jobs.ts";
import { OutputBuffer } from "../output/output-buffer.ts";
import type { OutputFiles } from "../output/output-file.ts";
import type { RunningCommand } from "../running-command.ts";
import type { StartedShell } from "../shell-session.ts";
import { TerminalScreen } from "../terminals/terminal-screen.ts";
import { Job } from "./job.ts";
import { requireTerminals, spawnBackground, writeReply } from "./spawn-background.ts";

/** More at the same time are a mistake on a machine with a few cores. */
const maxRunning = 20;
/** Ended jobs whose last output can still be read. */
const maxEnded = 20;
/** A job that nobody has stopped within a day has been forgotten. */
const maxRunMs = 24 * 3_600_000;

export interface BackgroundJobsOptions {
  readonly files: OutputFiles;
  readonly mutex: Mutex;
  readonly start: () => Promise<StartedShell>;
}

export class BackgroundJobs implements Jobs {
  readonly #options: BackgroundJobsOptions;
  readonly #jobs = new Map<string, Job>();
  #onEnd: (job: JobStatus, last: string) => void = () => {};

  constructor(options: BackgroundJobsOptions) {
    this.#options = options;
  }

  async start(job: NewJob, signal: AbortSignal): Promise<JobStatus> {
    if (job.command.includes("\0")) throw new DeckhandError("bad_tool_args", "A command cannot contain a NUL byte.");
    const lock = await this.#options.mutex.acquire(signal).catch(() => undefined);
    if (lock === undefined) throw new DeckhandError("interrupted");
    using _ = lock;
    const { host, session } = await this.#options.start();
    if (this.#running().length >= maxRunning) {
      throw new DeckhandError("bad_tool_args", `${maxRunning} jobs are already running. Stop one of them first.`);
    }
    const { terminal } = job;
    if (terminal !== undefined) await requireTerminals(host);
    const state = await session.state();
    const streams = await host.openStreams("job");
    const screen =
      terminal === undefined
        ? undefined
        : await TerminalScreen.open({ ...terminal, scrollback: 0 }, streams.output, (text) =>
            writeReply(background.input, text),
          );
    const background = spawnBackground({ host, streams, cwd: session.cwd, state, command: job.command, terminal });
    const started = new Job({
      id: job.id,
      command: job.command,
      startedAt: Date.now(),
      output: new OutputBuffer(this.#options.files, job.maxOutputBytes),
      input: background.input,
      signal: background.signal,
      ...(screen === undefined ? {} : { screen }),
      resize: background.resize,
    });
    if (job.input !== undefined) background.input.write(job.input);
    streams.output.onData((bytes) => started.add(bytes));
    const watch = background.process.watch();
    const onExit = async (code: number) => {
      watch[Symbol.dispose]();
      await streams.output.drain();
      // What it left in the background may keep printing.
      streams.output.onData((bytes) => session.addIdleOutput(bytes));
      this.#end(started, code);
    };
    background.process.onExit = (code) => void onExit(code);
    this.#add(started);
    return started.status;
  }

  /** Takes over a command that outlived its time-out; false if too many jobs are running. */
  adopt(id: string, command: RunningCommand): boolean {
    if (this.#running().length >= maxRunning) return false;
    const { output, startedAt, text, process } = command;
    const job = new Job({ id, command: text, startedAt, output, signal: (name) => command.signal(name) });
    process.streams.output.onData((bytes) => job.add(bytes));
    void command.end.then(async ({ code }) => {
      await process.streams.output.drain();
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

  type(id: string, input: TypedInput): void {
    this.#job(id).type(input);
  }

  signal(id: string, signal: JobSignal): void {
    this.#job(id).signal(signal);
  }

  async resize(id: string, terminal: Terminal): Promise<void> {
    await this.#job(id).resize(terminal);
  }

  onEnd(listener: (job: JobStatus, last: string) => void): void {
    this.#onEnd = listener;
  }

  #running(): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.running);
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    const known = [...this.#jobs.keys()].join(", ") || "none";
    throw new DeckhandError("bad_tool_args", `There is no job ${id}. Known jobs: ${known}.`);
  }

  #add(job: Job): void {
    this.#jobs.set(job.status.id, job);
    const timer = setTimeout(() => job.signal("KILL"), maxRunMs).unref();
    void job.ended.then(() => clearTimeout(timer));
  }

  #end(job: Job, code: number): void {
    job.end(code);
    const ended = [...this.#jobs.values()].filter((each) => !each.running);
    const [oldest] = ended;
    if (ended.length > maxEnded && oldest !== undefined) this.#jobs.delete(oldest.status.id);
    void job.lastOutput().then((last) => this.#onEnd(job.status, last));
  }
}
