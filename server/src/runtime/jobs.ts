/** Background processes ("jobs"): commands started in the background, and commands that outlived their time-out. */

import type { JobSignal } from "@deckhand/protocol";

export interface Terminal {
  readonly rows: number;
  readonly columns: number;
}

export interface NewJob {
  /** Chosen by the caller; unique within a conversation. */
  readonly id: string;
  readonly command: string;
  /** Bytes of output kept between two looks: half for the head, half for the tail. */
  readonly maxOutputBytes: number;
  /** Runs the command on a terminal of this size; without it, its output is a pipe. */
  readonly terminal?: Terminal;
  /** Its first input; more can follow. */
  readonly input?: string;
}

export interface JobStatus {
  readonly id: string;
  readonly command: string;
  readonly state: "running" | "ended";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Once it has ended: 128 + the signal's number if a signal ended it, -1 if unknown. */
  readonly exitCode?: number;
  readonly terminal?: Terminal;
}

export interface JobLook {
  readonly status: JobStatus;
  /** Output since the last look, like `ExecResult.output`; with a terminal, what the screen shows now. */
  readonly output: string;
  /** The file with all of its output, once that is large; like `ExecResult.fullOutput`. */
  readonly fullOutput?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
  readonly screen?: Screen;
}

/** The properties of a screen besides its text. Rows and columns count from 0. */
export interface Screen extends Terminal {
  readonly cursor: { readonly row: number; readonly column: number };
  /** A program uses the alternate screen, as editors and pagers do. */
  readonly alternate: boolean;
}

export interface WaitOptions {
  /** The longest wait for its end. */
  readonly timeoutMs: number;
  /** Return earlier, once it has printed something and was then silent for this long. */
  readonly quietMs?: number;
}

export type TypedInput =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "keys"; readonly keys: readonly string[] };

/**
 * The jobs of one runtime. They end with it, after 24 hours, or by a signal. The last output of recently ended jobs is
 * kept. A method that names an unknown job fails with `bad_tool_args` and lists the known ones.
 */
export interface Jobs {
  /**
   * Starts a command with the directory, variables, functions, aliases and options that the shell has once earlier
   * commands are done. Fails with `bad_tool_args` if too many jobs are running, `not_available` if there are no
   * terminals.
   */
  start(job: NewJob, signal: AbortSignal): Promise<JobStatus>;
  /** Oldest first. */
  list(): readonly JobStatus[];
  /** Returns early, without an error, when the signal aborts. */
  wait(id: string, options: WaitOptions, signal: AbortSignal): Promise<void>;
  look(id: string): Promise<JobLook>;
  /**
   * Types text, or keys by name (`enter`, `tab`, `up`, `ctrl-c`, `f1` …). Without a terminal the only keys are `enter`,
   * `ctrl-c` (SIGINT) and `ctrl-d` (end of input). Fails with `bad_tool_args` if the job has no input or does not read
   * it.
   */
  type(id: string, input: TypedInput): void;
  signal(id: string, signal: JobSignal): void;
  resize(id: string, terminal: Terminal): Promise<void>;
  /**
   * The listener is called once per job, when it has ended, with the end of the output that nobody has looked at (about
   * 2,000 characters).
   */
  onEnd(listener: (job: JobStatus, last: string) => void): void;
}
