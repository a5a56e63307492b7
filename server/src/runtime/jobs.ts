/** Commands that go on beside the conversation's shell: those started in the background, and those that outlived their time-out. */

import type { JobSignal } from "@deckhand/protocol";

export interface Terminal {
  readonly rows: number;
  readonly columns: number;
}

export interface NewJob {
  /** What it is called from now on; of the caller's choice, once in a conversation. */
  readonly id: string;
  readonly command: string;
  /** Bytes of output that are kept in one look: half from the head, half from the tail. */
  readonly maxOutputBytes: number;
  /** Gives it a terminal of that size; without one its output is a pipe. */
  readonly terminal?: Terminal;
  /** What it reads first; more can follow. */
  readonly input?: string;
}

export interface JobStatus {
  readonly id: string;
  readonly command: string;
  readonly state: "running" | "ended";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** When it has ended: 128 + the signal's number where one ended it, -1 where nobody knows. */
  readonly exitCode?: number;
  readonly terminal?: Terminal;
}

export interface JobLook {
  readonly status: JobStatus;
  /** What it printed since the last look, valid UTF-8, as `ExecResult.output`; with a terminal, what the screen shows now. */
  readonly output: string;
  /** Where everything that it printed lies, once it is much; as `ExecResult.whole`. */
  readonly fullOutput?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
  readonly screen?: Screen;
}

/** What is more than the text of a screen. Rows and columns count from 0. */
export interface Screen extends Terminal {
  readonly cursor: { readonly row: number; readonly column: number };
  /** A program has taken the whole screen, as editors and pagers do. */
  readonly alternate: boolean;
}

export interface WaitOptions {
  /** Until it has ended, at most this long. */
  readonly timeoutMs: number;
  /** Or until it has printed something and then been silent for this long. */
  readonly quietMs?: number;
}

/**
 * Of one runtime. They end with it, after 24 hours, or by a signal; what an ended one printed is kept for the last of them.
 * Everything that names a job fails with `bad_tool_args` where there is none of that name, and says which there are.
 */
export interface Jobs {
  /**
   * Starts a command beside the shell, with the directory, variables, functions, aliases and options that the shell has when its turn
   * comes. Fails with `bad_tool_args` when too many run, `not_available` when there are no terminals.
   */
  start(job: NewJob, signal: AbortSignal): Promise<JobStatus>;
  /** Oldest first. */
  list(): readonly JobStatus[];
  /** Ends early, without an error, when the signal aborts. */
  wait(id: string, options: WaitOptions, signal: AbortSignal): Promise<void>;
  look(id: string): Promise<JobLook>;
  /**
   * Types into it: text as it is, or keys by name (`enter`, `tab`, `up`, `ctrl-c`, `f1` …). Without a terminal only `enter`, `ctrl-c` (SIGINT)
   * and `ctrl-d` (the end of its input) are keys. Fails with `bad_tool_args` when it has no input, or does not read what it got.
   */
  type(id: string, what: { readonly text: string } | { readonly keys: readonly string[] }): void;
  signal(id: string, signal: JobSignal): void;
  resize(id: string, terminal: Terminal): Promise<void>;
  /** Is called once for each job, when it has ended, with the last of what it printed and nobody has looked at (some 2,000 characters). */
  onEnd(listener: (job: JobStatus, last: string) => void): void;
}
