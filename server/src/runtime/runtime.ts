import type { Jobs } from "./jobs.ts";
import type { Terminals } from "./terminals.ts";
import type { Network } from "./network/network.ts";

export type {
  OpenTerminal,
  TerminalListener as TerminalEar,
  SerializedScreen as TerminalPicture,
} from "./terminals.ts";
export type { Network, Refusal } from "./network/network.ts";
export type RuntimeKind = "bubblewrap" | "docker" | "kubernetes" | "host";

export interface ExecOptions {
  /** After this long the command goes on as a job; without a name for that it is interrupted: SIGINT, then SIGKILL. */
  readonly timeoutMs: number;
  /** The job's id; `Jobs` has it from then on. */
  readonly jobId?: string;
  /** Its standard input; empty by default. */
  readonly input?: string | undefined;
  /** Bytes of output kept in `ExecResult`: half from the head, half from the tail. */
  readonly maxOutputBytes: number;
}

export interface ExecResult {
  /**
   * The output, both streams as they came, valid UTF-8. When it was longer than `maxOutputBytes`, a line `[... N bytes left out ...]`
   * stands for the middle.
   */
  readonly output: string;
  /**
   * Where the whole lies, as a path that commands and file tools can read; only when `output` is not all. `sizeBytes` is what was
   * printed; the file ends at 64 MiB when it is `cut`. Not there when the disk did not take it.
   */
  readonly fullOutput?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
  /** Of the command, or of the shell when that ended; 130 when it was interrupted, -1 when it is not known. */
  readonly exitCode: number;
  /** The shell's directory afterwards. */
  readonly cwd: string;
  readonly durationMs: number;
  /**
   * Why it ended, where not by itself. After `shell_exit` (`exit`, `exec`, a killed shell) a new shell starts. `job`: its time is over and
   * it goes on; the next command finds directory, variables, functions, aliases and options as they were before it, in a new shell.
   */
  readonly endedBy?: "timeout" | "stop" | "shell_exit" | "job";
  /** With `job`: the shell knew too much (over 4 MiB) to be carried over, so the next command finds its directory alone. */
  readonly losesState?: true;
  /** A limit that was hit while it ran: bytes of memory, a number of processes, bytes of a file. */
  readonly limit?: { readonly kind: "memory" | "processes" | "file_size"; readonly max: number };
}

export interface FileData {
  readonly data: Uint8Array;
  /** The absolute path that was read. */
  readonly path: string;
}

/**
 * One workspace and the wall around it: a persistent shell and files, both seen from inside the sandbox.
 * Relative paths resolve against the shell's directory. Starts on first use; a second call waits for the first.
 * Everything fails with `sandbox_unavailable` (and why) when no proven wall is there.
 */
export interface Runtime extends AsyncDisposable {
  /** What holds commands back; with `host` nothing does. */
  readonly kind: RuntimeKind;
  /** The folder the shell starts in, the same path inside and outside. */
  readonly workspace: string;
  /** The shell's directory now. */
  readonly cwd: string;
  readonly jobs: Jobs;
  readonly terminals: Terminals;
  /** Of its commands; not there where they have none of their own: none at all, or the machine's. */
  readonly network?: Network | undefined;
  /** Starts what would start on first use, so that the first command does not wait for it. Fails as that would. */
  start(): Promise<void>;
  /**
   * Runs a command in the shell, one at a time in order of the calls; directory, variables and functions last.
   * Yields output as it comes (valid UTF-8, may be dropped). Non-zero exit, time-out, stop: results, not errors. When `signal` aborts
   * the command ends within a second, with everything that it started, in the background too; jobs of earlier commands go on.
   * Who stops iterating stops the command. What a job prints later belongs to the command that runs then, or next.
   * Fails with `bad_tool_args` for a command with a NUL.
   */
  exec(command: string, options: ExecOptions, signal: AbortSignal): AsyncGenerator<string, ExecResult>;
  /** Fails with `file_not_found`, `is_directory`, `file_too_large` (over `maxBytes`), `file_failed`, `interrupted`. */
  readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<FileData>;
  /**
   * Replaces the file whole or not at all; makes its folders; keeps its mode; a symbolic link stays one. Only in the workspace, the
   * conversation's home and /tmp. Fails with `is_directory`, `outside_workspace`, `file_failed`, `interrupted`.
   */
  writeFile(path: string, data: Uint8Array, signal: AbortSignal): Promise<{ readonly path: string }>;
  /** Runs a program in the sandbox, apart from the shell, in the shell's directory, and returns what it printed (at most `maxBytes`). Fails with `interrupted`, `bad_tool_args`. */
  spawn(argv: readonly string[], maxBytes: number, signal: AbortSignal): Promise<SpawnResult>;
}

export interface SpawnResult {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly exitCode: number;
  /** There was more than `maxBytes`. */
  readonly cut: boolean;
}

/** What the attempts at start showed; commands run only when it is proven or the user chose `host`. */
export interface RuntimeStatus {
  readonly kind: RuntimeKind;
  readonly proven: boolean;
  /** One sentence: what was proven, or why nothing runs and what to install. */
  readonly sentence: string;
  /** What was tried, by group ("files", "network" …); one is held when it did not get through and its control worked. */
  readonly checks: readonly RuntimeCheck[];
  readonly untried: readonly { readonly name: string; readonly why: string }[];
  /** ISO 8601. */
  readonly triedAt: string;
}

/** A program of the server's own (git), which is to be held back as commands are, because what it reads is theirs. */
export interface IsolatedProgram {
  readonly argv: readonly string[];
  /** Each at its own path, without symbolic links; a later one lies over an earlier one. */
  readonly folders: readonly { readonly path: string; readonly access: "read" | "write" }[];
  /** One of the folders, or in one. Where the server is root, the program runs as its owner. */
  readonly cwd: string;
  /** Beside that of every command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hosts beside those that are configured, as rules (`example.org`, `host:port`); without it, even empty, there is no network. */
  readonly allowedHosts?: readonly string[];
  /** Empty when not given. */
  readonly stdin?: Uint8Array | string;
  /** Gets what it prints on its standard error, as it comes. */
  readonly onStderr?: (text: string) => void;
}

export interface RuntimeCheck {
  readonly group: string;
  /** What was tried: "read the server's data". */
  readonly name: string;
  /** What had to work beside it, so that the attempt means anything. */
  readonly control: string;
  readonly controlled: boolean;
  readonly held: boolean;
}

/** Makes the runtime of a conversation. */
export interface RuntimeFactory {
  /** Why no second conversation can work in the workspace of a first; undefined where it can. */
  readonly noSubagentsReason?: string | undefined;
  /** Of the wall for such a workspace: whose it is makes a difference where the server is root. */
  readonly status: (workspace: string) => Promise<RuntimeStatus>;
  /**
   * Fails with `sandbox_unavailable`; `home` is a folder of the conversation's own that outlives the server. `allowedHosts` gives
   * what a person has allowed for it, as rules of the network, whenever a connection is made. `onProgress` hears what a start that takes
   * long is at ("pulling image …: 40 %"), and "" when that is over.
   */
  create(options: {
    readonly workspace: string;
    readonly home: string;
    readonly onProgress?: (sentence: string) => void;
    readonly allowedHosts?: () => readonly string[];
  }): Promise<Runtime>;
  /** What is known of the network of the conversation with that `home` since the server started, whether its runtime is there or not. */
  network?(home: string): Network | undefined;
  /** Removes what outlives the server, of a conversation that is deleted; `home` is still there. */
  remove?(options: { readonly home: string }): Promise<void>;
  /**
   * Runs one program behind a wall of its own, apart from any conversation: it sees the system, the tools and `folders`, each at its
   * own path, has an empty home and no network but what it `reaches`, and leaves nothing running. Returns what it printed (at most `maxBytes`; at more it is
   * killed and `cut`). A program that cannot be found ends with 127 or 1. Who wants a deadline gives a signal that has one. Fails with
   * `sandbox_unavailable`, `interrupted`, and with `bad_tool_args` for an argument with a NUL.
   */
  runIsolated(program: IsolatedProgram, maxBytes: number, signal: AbortSignal): Promise<SpawnResult>;
  /**
   * As `runIsolated`, of a program that reads the workspace and runs nothing of what it reads: behind the same wall, which need not have been tried
   * yet. One that did not hold is not used. Not there where the conversation's own runtime is as quick.
   */
  runReadOnly?(workspace: string, argv: readonly string[], maxBytes: number, signal: AbortSignal): Promise<SpawnResult>;
}
