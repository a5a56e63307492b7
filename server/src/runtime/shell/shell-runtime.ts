/**
 * The runtime over a box: starts it on first use, gives commands, files and programs their turn, and starts a new one where the old one
 * has gone.
 */
import { posix } from "node:path";
import { DeckhandError, type ErrorCode } from "@deckhand/protocol";
import type { ExecOptions, ExecResult, FileData, Network, Runtime, SpawnResult } from "../runtime.ts";
import type { ConversationNetwork } from "../network/conversation-network.ts";
import type { ProcessHost } from "./process-host.ts";
import type { ChannelRequest, ChannelReply } from "./process-channel.ts";
import { BackgroundJobs } from "./jobs/background-jobs.ts";
import { ShellTerminals } from "./terminals/shell-terminals.ts";
import type { OutputFiles } from "./output/output-file.ts";
import { ShellSession, type Execution } from "./shell-session.ts";
import { Mutex } from "./mutex.ts";
import { untilAborted } from "./until-aborted.ts";

/** Small output is whole in the result within this time; only what takes longer is streamed. */
const firstLiveMs = 25;
/** Then so often: a person sees no difference, and a flood of output makes no flood of deltas. */
const liveEveryMs = 100;
/** A file system that does not answer, or a lane that the agent has stopped. */
const fileDeadlineMs = 30_000;
const startDeadlineMs = 10_000;

export interface StartedShell {
  readonly host: ProcessHost;
  readonly session: ShellSession;
}

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
  readonly #options: ShellRuntimeOptions;
  #cwd: string;
  #started: Promise<StartedShell> | undefined;
  readonly #turns = new Mutex();
  readonly #disposed = new AbortController();
  readonly jobs: BackgroundJobs;
  readonly terminals: ShellTerminals;

  constructor(options: ShellRuntimeOptions) {
    this.kind = options.kind;
    this.workspace = options.workspace;
    this.network = options.network;
    this.#options = options;
    this.#cwd = options.workspace;
    this.jobs = new BackgroundJobs({ files: options.outputFiles, turns: this.#turns, start: () => this.#start() });
    this.terminals = new ShellTerminals({
      workspace: options.workspace,
      start: () => this.#start(),
      // Nobody looks at it any more.
      late: () => {},
    });
  }

  get cwd(): string {
    return this.#cwd;
  }

  async start(): Promise<void> {
    await this.#start();
  }

  async *exec(command: string, options: ExecOptions, signal: AbortSignal): AsyncGenerator<string, ExecResult> {
    if (command.includes("\0")) throw new DeckhandError("bad_tool_args", "A command cannot contain a NUL byte.");
    const running = await this.#turns.lock(signal);
    if (running === undefined) return { output: "", exitCode: 130, cwd: this.#cwd, durationMs: 0, endedBy: "stop" };
    using _ = running;
    const { session: shell } = await this.#start();
    await shell.ready();
    return yield* this.#follow(shell.run(command, options), shell, signal);
  }

  async *#follow(execution: Execution, shell: ShellSession, signal: AbortSignal): AsyncGenerator<string, ExecResult> {
    let result: ExecResult | undefined;
    let wake = () => {};
    const over = execution.result.then((value) => {
      result = value;
      this.#cwd = shell.cwd;
      wake();
    });
    const onAbort = () => execution.stop();
    signal.addEventListener("abort", onAbort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    let everyMs = firstLiveMs;
    execution.onOutput = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        wake();
      }, everyMs);
      everyMs = liveEveryMs;
    };
    try {
      if (signal.aborted) onAbort();
      for (;;) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (result !== undefined) resolve();
        });
        if (result !== undefined) return result;
        const text = execution.takeOutput();
        if (text !== "") yield text;
      }
    } finally {
      // Whoever stops listening has stopped the command.
      if (result === undefined) execution.stop();
      await over;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<FileData> {
    const absolute = this.#absolute(path);
    const reply = await this.#askFiles(
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
    await this.#askFiles({ kind: "write", cwd: "/", fields, data, maxBytes: 0 }, path, signal);
    return { path: posix.normalize(absolute) };
  }

  async spawn(argv: readonly string[], maxBytes: number, signal: AbortSignal): Promise<SpawnResult> {
    if (argv.length === 0 || argv.some((argument) => argument.includes("\0"))) {
      throw new DeckhandError("bad_tool_args", "A program's arguments cannot be empty or contain a NUL byte.");
    }
    if (signal.aborted) throw new DeckhandError("interrupted");
    const { host: box } = await this.#start();
    const onAbort = () => box.killProgram();
    const asked = box.programs.request({
      kind: "program",
      cwd: this.#cwd,
      fields: [String(argv.length), ...argv],
      maxBytes,
      onOverflow: onAbort,
    });
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const reply = await untilAborted(asked, signal).catch((error: unknown) => {
        throw signal.aborted ? new DeckhandError("interrupted") : error;
      });
      return {
        stdout: reply.out,
        stderr: reply.err.toString("utf8"),
        exitCode: Number(reply.status),
        cut: reply.truncated,
      };
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DeckhandError("sandbox_unavailable", "The conversation's sandbox has been closed."));
    const started = await this.#started?.catch(() => undefined);
    await started?.host.kill();
    await this.#options.network?.[Symbol.asyncDispose]();
  }

  async #askFiles(request: ChannelRequest, path: string, signal: AbortSignal): Promise<ChannelReply> {
    if (path === "" || path.includes("\0")) throw new DeckhandError("file_not_found", "That is not a path.");
    if (signal.aborted) throw new DeckhandError("interrupted");
    const { host: box } = await this.#start();
    const late = setTimeout(() => void box.kill(), fileDeadlineMs);
    try {
      const reply = await untilAborted(box.files.request(request), signal).catch((error: unknown) => {
        if (signal.aborted) throw new DeckhandError("interrupted");
        throw new DeckhandError("file_failed", `${path}: the sandbox ended meanwhile.`, { cause: error });
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
    const again = () => (this.#started = undefined);
    try {
      const box = await this.#options.openHost();
      this.#options.network?.setInsidePid(() => box.firstPid);
      box.closed.addEventListener("abort", again, { once: true });
      if (this.#disposed.signal.aborted) await box.kill();
      const late = setTimeout(() => void box.kill(), startDeadlineMs);
      await box.files.pid.finally(() => clearTimeout(late));
      const shell: ShellSession = new ShellSession(
        { box, files: this.#options.outputFiles, onLeft: (id, text, command) => this.jobs.adopt(id, text, command) },
        this.#cwd,
      );
      return { host: box, session: shell };
    } catch (error) {
      again();
      if (error instanceof DeckhandError) throw error;
      throw new DeckhandError("sandbox_unavailable", `No shell could be started: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

function fileError(word: string, path: string): DeckhandError {
  const sentences: Partial<Record<ErrorCode, string>> = {
    file_not_found: `There is no file ${path}.`,
    is_directory: `${path} is a directory.`,
    outside_workspace: `${path} is outside the workspace, where nothing may be written.`,
  };
  const code = word in sentences ? (word as ErrorCode) : "file_failed";
  return new DeckhandError(code, sentences[code] ?? `${path} could not be read or written.`);
}
