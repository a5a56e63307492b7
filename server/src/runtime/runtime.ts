import type { Jobs } from "./jobs.ts";
import type { Terminals } from "./terminals.ts";
import type { Network } from "./network/network.ts";

export type { OpenTerminal, SerializedScreen, TerminalListener } from "./terminals.ts";
export type { Network, Refusal } from "./network/network.ts";
export type RuntimeKind = "bubblewrap" | "docker" | "kubernetes" | "host";

export interface ExecOptions {
  /** After this time the command continues as a job; without a `jobId` it is interrupted: SIGINT, then SIGKILL. */
  readonly timeoutMs: number;
  /** The id of that job in `Jobs`. */
  readonly jobId?: string;
  /** Standard input; empty by default. */
  readonly input?: string | undefined;
  /** Bytes of output kept in `ExecResult`: half for the head, half for the tail. */
  readonly maxOutputBytes: number;
}

export interface ExecResult {
  /**
   * Both streams in the order they arrived, as valid UTF-8. If there were more than `maxOutputBytes`, a line
   * `[... N bytes left out ...]` replaces the middle.
   */
  readonly output: string;
  /**
   * The file with all of the output, at a path that commands and file tools can read; only if `output` is incomplete.
   * `sizeBytes` is how much was printed; the file ends at 64 MiB if it is `cut`. Missing if the disk could not store
   * it.
   */
  readonly fullOutput?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
  /** Of the command, or of the shell if that exited; 130 if it was interrupted, -1 if unknown. */
  readonly exitCode: number;
  /** The shell's directory afterwards. */
  readonly cwd: string;
  readonly durationMs: number;
  /**
   * Why the command did not end by itself. After `shell_exit` (`exit`, `exec`, a killed shell) a new shell starts.
   * `job`: it timed out and continues; the next command runs in a new shell with the directory, variables, functions,
   * aliases and options from before it.
   */
  readonly endedBy?: "timeout" | "stop" | "shell_exit" | "job";
  /**
   * With `job`: the shell's state was too large (over 4 MiB) to carry over, so the next command keeps only the
   * directory.
   */
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
 * One workspace and its sandbox: a persistent shell and file access, both as seen from inside. Relative paths resolve
 * against the shell's directory. Starts on first use; concurrent first calls share the start. Everything fails with
 * `sandbox_unavailable` and the reason if there is no verified sandbox.
 */
export interface Runtime extends AsyncDisposable {
  /** What confines commands; with `host`, nothing does. */
  readonly kind: RuntimeKind;
  /** The shell's first directory; the same path inside and outside. */
  readonly workspace: string;
  /** The shell's current directory. */
  readonly cwd: string;
  readonly jobs: Jobs;
  readonly terminals: Terminals;
  /** The network of its commands; undefined if they have none, or the machine's. */
  readonly network?: Network | undefined;
  /** Starts ahead of first use, so that the first command does not have to wait. Fails as that would. */
  start(): Promise<void>;
  /**
   * Runs a command in the shell, one at a time in call order. Directory, variables and functions persist. Yields output
   * as it arrives (valid UTF-8; may be dropped). A non-zero exit code, a time-out and a stop are results, not errors.
   * When `signal` aborts, the command ends within a second with everything it started, including background processes;
   * jobs of earlier commands continue. The command is also stopped when the caller stops iterating. What background
   * processes print later is added to the command that runs then, or to the next one. Fails with `bad_tool_args` for a
   * command with a NUL byte.
   */
  exec(command: string, options: ExecOptions, signal: AbortSignal): AsyncGenerator<string, ExecResult>;
  /** Fails with `file_not_found`, `is_directory`, `file_too_large` (over `maxBytes`), `file_failed`, `interrupted`. */
  readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<FileData>;
  /**
   * Replaces the whole file or nothing, creates its folders, keeps its mode and follows symbolic links. Only in the
   * workspace, the conversation's home and /tmp. Fails with `is_directory`, `outside_workspace`, `file_failed`,
   * `interrupted`.
   */
  writeFile(path: string, data: Uint8Array, signal: AbortSignal): Promise<{ readonly path: string }>;
  /**
   * Runs a program in the sandbox, independently of the shell but in its directory, and returns what it printed (at
   * most `maxBytes`). Fails with `interrupted`, `bad_tool_args`.
   */
  spawn(argv: readonly string[], maxBytes: number, signal: AbortSignal): Promise<SpawnResult>;
}

export interface SpawnResult {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly exitCode: number;
  /** There was more output than `maxBytes`. */
  readonly cut: boolean;
}

/** The result of the self-test. Commands run only if the sandbox is `proven` or the user chose `host`. */
export interface RuntimeStatus {
  readonly kind: RuntimeKind;
  readonly proven: boolean;
  /** One sentence: what was verified, or why commands are disabled and what to install. */
  readonly sentence: string;
  /** By group ("files", "network" …). A check is `held` if the attempt failed and its control succeeded. */
  readonly checks: readonly RuntimeCheck[];
  readonly untried: readonly { readonly name: string; readonly why: string }[];
  /** ISO 8601. */
  readonly triedAt: string;
}

export interface RuntimeCheck {
  readonly group: string;
  /** The attempt: "read the server's data". */
  readonly name: string;
  /** What had to succeed for the check to be meaningful. */
  readonly control: string;
  readonly controlled: boolean;
  readonly held: boolean;
}

/** A program of the server (git) that is confined like commands, because it reads files that commands wrote. */
export interface IsolatedProgram {
  readonly argv: readonly string[];
  /** Each at its own path, without symbolic links; later ones cover earlier ones. */
  readonly folders: readonly { readonly path: string; readonly access: "read" | "write" }[];
  /** One of the folders, or below one. If the server is root, the program runs as the owner of this folder. */
  readonly cwd: string;
  /** In addition to the environment of commands. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Hosts in addition to the configured ones, as rules (`example.org`, `host:port`). Undefined: no network; empty: only
   * the configured hosts.
   */
  readonly allowedHosts?: readonly string[];
  /** Empty by default. */
  readonly stdin?: Uint8Array | string;
  /** Called with its standard error as it arrives. */
  readonly onStderr?: (text: string) => void;
}

/** Creates the runtimes of conversations. */
export interface RuntimeFactory {
  /** Why a subagent cannot work in its parent's workspace; undefined if it can. */
  readonly noSubagentsReason?: string | undefined;
  /** The status of the sandbox for such a workspace: if the server is root, it depends on the owner. */
  readonly status: (workspace: string) => Promise<RuntimeStatus>;
  /**
   * `home` is the conversation's own folder, which outlives the server. `allowedHosts` is called for each connection
   * and returns the hosts that a person has allowed, as network rules. `onProgress` is called with the stage of a slow
   * start ("pulling image …: 40 %"), and with "" at its end. Fails with `sandbox_unavailable`.
   */
  create(options: {
    readonly workspace: string;
    readonly home: string;
    readonly onProgress?: (sentence: string) => void;
    readonly allowedHosts?: () => readonly string[];
  }): Promise<Runtime>;
  /** The connections of the conversation with that `home` since the server started, also after its runtime is gone. */
  network?(home: string): Network | undefined;
  /** Removes what outlives the server when a conversation is deleted; `home` still exists. */
  remove?(options: { readonly home: string }): Promise<void>;
  /**
   * Runs one program in a separate sandbox, independent of any conversation. It sees the system, the tools and
   * `folders`, has an empty home and only the network of `allowedHosts`, and leaves nothing running. Returns what it
   * printed; over `maxBytes` it is killed and the result is `cut`. A program that does not exist exits with 127 or 1.
   * Use a signal with a time-out to set a deadline. Fails with `sandbox_unavailable`, `interrupted`, and
   * `bad_tool_args` for an argument with a NUL byte.
   */
  runIsolated(program: IsolatedProgram, maxBytes: number, signal: AbortSignal): Promise<SpawnResult>;
  /**
   * Like `runIsolated`, for a program that reads the workspace and executes nothing from it. Uses the same sandbox,
   * which need not have been tested yet; one that has failed its self-test is not used. Undefined if the conversation's
   * own runtime is as fast.
   */
  runReadOnly?(workspace: string, argv: readonly string[], maxBytes: number, signal: AbortSignal): Promise<SpawnResult>;
}
