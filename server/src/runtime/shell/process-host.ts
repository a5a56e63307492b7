/**
 * Where the processes of one conversation live: the supervisor (shell-protocol.ts) and everything below it. On this
 * machine that is local-host.ts, in a container or pod container/container-host.ts. A pid means something only to the
 * host that returned it.
 */
import type { LimitHit } from "../sandbox/limits/limits.ts";
import type { ProcessChannel } from "./process-channel.ts";
import type { ShellStreams, StartRequest } from "./shell-streams.ts";

/** The processes that existed when a command began. */
export interface ProcessBaseline {
  readonly pids: ReadonlySet<number>;
  readonly commandNumber: number;
}

export interface ProcessHost {
  readonly files: ProcessChannel;
  readonly programs: ProcessChannel;
  /** Aborts once the processes are gone; the reason is a `DeckhandError`. */
  readonly closed: AbortSignal;
  /** Opens the streams for one more shell process. Those of the first shell are available immediately. */
  openStreams(kind: StartRequest["kind"]): Promise<ShellStreams>;
  /** Pid on this machine of the first process in the sandbox, once known. */
  readonly firstPid: number | undefined;
  /** This host's pid for the process that sees itself as `pidInside`. */
  resolvePid(pidInside: number): number | undefined;
  isAlive(pid: number): Promise<boolean>;
  /** True for a process that is stopped (SIGSTOP) or has ended. */
  isStopped(pid: number): Promise<boolean>;
  /** Processes that have ended are skipped. */
  signal(pids: readonly number[], signal: NodeJS.Signals): void;
  /** The process and its living descendants. */
  treeOf(pid: number): Promise<readonly number[]>;
  /**
   * True if the shell must export each command's number as DECKHAND_COMMAND, because nothing else identifies its
   * processes.
   */
  readonly tagsCommands: boolean;
  baseline(shell: number | undefined, commandNumber: number): Promise<ProcessBaseline>;
  /**
   * The living processes that the shell's commands started after the baseline. `below`: only those still in the shell's
   * process tree; `anywhere` (the default) includes those that were reparented.
   */
  startedSince(
    baseline: ProcessBaseline,
    shell: number | undefined,
    where?: "below" | "anywhere",
  ): Promise<readonly number[]>;
  /** Kills whatever the programs channel is running; resolves once the signals are sent. Never rejects. */
  killProgram(): Promise<void>;
  /** The limit that was hit since the last call, given the exit code of the command that has just ended. */
  limitHit(exitCode: number): LimitHit | undefined;
  /** Kills everything; resolves once it is dead. */
  kill(): Promise<void>;
}
