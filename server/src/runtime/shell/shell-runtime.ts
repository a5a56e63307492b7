/**
 * The runtime of one conversation: starts its processes on first use, serialises commands, and starts new processes
 * after the old ones have died. Who owns what:
 *
 *   ShellRuntime               the `Runtime` interface; one per conversation
 *   ├── Mutex                  one command, or start of a job, at a time
 *   ├── ProcessHost            where the processes live: local-host.ts, or container/container-host.ts
 *   │   ├── ProcessChannel ×2  request and reply: one for files, one for programs
 *   │   └── ShellStreams       input, status records and output of one shell; each ShellProcess has its own
 *   ├── ShellSession           the persistent shell: its directory, its state, its current ShellProcess
 *   │   └── RunningCommand     the command that runs: time-out, interrupt, processes, result
 *   │       └── OutputBuffer   head and tail for the result, newest bytes for streaming, OutputFile for all
 *   ├── BackgroundJobs         each Job has its own ShellProcess, or took over a RunningCommand
 *   └── ShellTerminals         each ShellTerminal has a ShellProcess and a TerminalScreen
 *
 * ProcessHost and ShellSession live and die together; everything else survives a restart of the processes.
 */
import { posix } from "node:path";
import { DeckhandError, type ErrorCode } from "@deckhand/protocol";
import { abortable } from "../../async/abortable.ts";
import { Mutex } from "../../async/mutex.ts";
import type { ConversationNetwork } from "../network/conversation-network.ts";
import type { ExecOptions, ExecResult, FileData, Network, Runtime, SpawnResult } from "../runtime.ts";
import { BackgroundJobs } from "./jobs/background-jobs.ts";
import type { OutputFiles } from "./output/output-file.ts";
import type { ChannelReply, ChannelRequest } from "./process-channel.ts";
import type { ProcessHost } from "./process-host.ts";
import { ShellSession, type StartedShell } from "./shell-session.ts";
import { ShellTerminals } from "./terminals/shell-terminals.ts";

/** For a file system that does not answer, or a channel that the agent has stopped. */
const fileDeadlineMs = 30_000;
const startDeadlineMs = 10_000;

export interface ShellRuntimeOptions {
  readonly kind: Runtime["kind"];
  readonly workspace: string;
  readonly outputFiles: OutputFiles;
  readonly network?: ConversationNetwork | undefined;
  /** Called for every start. Fails with `sandbox_unavailable`. */
  readonly openHost: () => Promise<ProcessHost>;
}

export class ShellRuntime implements Runtime {
  readonly kind: Runtime["kind"];
  readonly workspace: string;
  readonly network: Network | undefined;
  readonly jobs: BackgroundJobs;
  readonly terminals: ShellTerminals;
  readonly #options: ShellRuntimeOptions;
  #cwd: string;
  #started: Promise<StartedShell> | undefined;
  readonly #mutex = new Mutex();
  readonly #disposed = new AbortController();

  constructor(options: ShellRuntimeOptions) {
    this.kind = options.kind;
    this.workspace = options.workspace;
    this.network = options.network;
    this.#options = options;
    this.#cwd = options.workspace;
    const start = () => this.#start();
    this.jobs = new BackgroundJobs({ files: options.outputFiles, mutex: this.#mutex, start });
    this.terminals = new ShellTerminals({ workspace: options.workspace, start });
  }

  get cwd(): string {
    return this.#cwd;
  }

  async start(): Promise<void> {
    await this.#start();
  }

  async *exec(command: string, options: ExecOptions, signal: AbortSignal): AsyncGenerator<string, ExecResult> {
    if (command.includes("\0")) throw new DeckhandError("bad_tool_args", "A command cannot contain a NUL byte.");
    const lock = await this.#mutex.acquire(signal).catch(() => undefined);
    if (lock === undefined) return { output: "", exitCode: 130, cwd: this.#cwd, durationMs: 0, endedBy: "stop" };
    using _ = lock;
    const { session } = await this.#start();
    await session.ready();
    try {
      return yield* session.run(command, options).follow(signal);
    } finally {
      this.#cwd = session.cwd;
    }
  }

  async readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<FileData> {
    const absolute = this.#absolute(path);
    const reply = await this.#requestFile(
      { kind: "read", cwd: "/", fields: [absolute, String(maxBytes + 1)], maxBytes: maxBytes + 1 },
      path,
      signal,
    );
    if (reply.out.length > maxBytes) {
      throw new DeckhandError("file_too_large", `${path} is larger than ${maxBytes} bytes.`);
    }
    return { data: reply.out, path: posix.normalize(absolute) };
  }

  async writeFile(path: string, data: Uint8Array, signal: AbortSignal): Promise<{ readonly path: string }> {
    const absolute = this.#absolute(path);
    const fields = [absolute, String(data.length), data.includes(0) ? "0" : "1"];
    await this.#requestFile({ kind: "write", cwd: "/", fields, data, maxBytes: 0 }, path, signal);
    return { path: posix.normalize(absolute) };
  }

  async spawn(argv: readonly string[], maxBytes: number, signal: AbortSignal): Promise<SpawnResult> {
    if (argv.length === 0 || argv.some((argument) => argument.includes("\0"))) {
      throw new DeckhandError("bad_tool_args", "A program's arguments cannot be empty or contain a NUL byte.");
    }
    if (signal.aborted) throw new DeckhandError("interrupted");
    const { host } = await this.#start();
    // Programs of the conversation run one after another: only the one that is running may be killed.
    const reply = host.programs.request({
      kind: "program",
      cwd: this.#cwd,
      fields: [String(argv.length), ...argv],
      maxBytes,
      signal,
      kill: () => host.killProgram(),
    });
    const { out, err, status, truncated } = await abortable(reply, signal).catch((error: unknown) => {
      throw signal.aborted ? new DeckhandError("interrupted") : error;
    });
    return { stdout: out, stderr: err.toString("utf8"), exitCode: Number(status), cut: truncated };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DeckhandError("sandbox_unavailable", "The conversation's sandbox has been closed."));
    const started = await this.#started?.catch(() => undefined);
    await started?.host.kill();
    await this.#options.network?.[Symbol.asyncDispose]();
  }

  async #requestFile(request: ChannelRequest, path: string, signal: AbortSignal): Promise<ChannelReply> {
    if (path === "" || path.includes("\0")) {
      throw new DeckhandError("file_not_found", "A path cannot be empty or contain a NUL byte.");
    }
    if (signal.aborted) throw new DeckhandError("interrupted");
    const { host } = await this.#start();
    const late = setTimeout(() => void host.kill(), fileDeadlineMs);
    try {
      const reply = await abortable(host.files.request(request), signal).catch((error: unknown) => {
        if (signal.aborted) throw new DeckhandError("interrupted");
        throw new DeckhandError("file_failed", `${path}: the sandbox ended before the request was answered.`, {
          cause: error,
        });
      });
      if (reply.status === "ok") return reply;
      throw fileError(reply.status, path);
    } finally {
      clearTimeout(late);
    }
  }

  #absolute(path: string): string {
    return posix.isAbsolute(path) ? path : `${this.#cwd}/${path}`;
  }

  #start(): Promise<StartedShell> {
    if (this.#disposed.signal.aborted) return Promise.reject(this.#disposed.signal.reason);
    this.#started ??= this.#open();
    return this.#started;
  }

  async #open(): Promise<StartedShell> {
    const forget = () => (this.#started = undefined);
    try {
      const host = await this.#options.openHost();
      this.#options.network?.setInsidePid(() => host.firstPid);
      host.closed.addEventListener("abort", forget, { once: true });
      if (this.#disposed.signal.aborted) await host.kill();
      const late = setTimeout(() => void host.kill(), startDeadlineMs);
      await host.files.pid.finally(() => clearTimeout(late));
      const session = new ShellSession(
        {
          host,
          files: this.#options.outputFiles,
          onDetach: (jobId, command) => this.jobs.adopt(jobId, command),
        },
        this.#cwd,
      );
      return { host, session };
    } catch (error) {
      forget();
      if (error instanceof DeckhandError) throw error;
      throw new DeckhandError("sandbox_unavailable", `The shell could not be started: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

function fileError(status: string, path: string): DeckhandError {
  const sentences: Partial<Record<ErrorCode, string>> = {
    file_not_found: `${path} does not exist.`,
    is_directory: `${path} is a directory.`,
    outside_workspace: `${path} is outside the workspace. Files can be written only in the workspace, the home folder and /tmp.`,
  };
  const code = status in sentences ? (status as ErrorCode) : "file_failed";
  return new DeckhandError(code, sentences[code] ?? `${path} could not be read or written.`);
}
