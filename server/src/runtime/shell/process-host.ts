/**
 * The processes of one conversation: the supervisor and all below it, with the ends of its descriptors. How they are walled in is
 * the launch's affair.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import { commandVariable, descriptors } from "./shell-protocol.ts";
import { ProcessChannel } from "./process-channel.ts";
import type { LimitHit } from "../sandbox/limits/limits.ts";
import type { LimitEnforcer } from "../sandbox/limits/limit-enforcer.ts";
import type { Pipe, PipeSource } from "./pipe.ts";
import {
  bashDialect,
  openFifoStreams,
  startFields,
  type FifoFolder,
  type ShellStreams,
  type StartRequest,
} from "./shell-streams.ts";
import {
  childrenOf,
  childrenOfSingleThreaded,
  findByInnerPid,
  findMarked,
  findBySessionOrMark,
  isAlive,
  signalAll,
  statOf,
  processTrees,
} from "../processes.ts";

export interface Launch {
  /** The whole command, supervisor included. */
  readonly argv: readonly string[];
  /** Written to further descriptors of the process, which follow each other from `descriptors.arguments` on. */
  readonly feeds: readonly { readonly fd: number; readonly text: string | Uint8Array }[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A pid namespace of its own, as bubblewrap's `--info-fd` reports it; without one, `mark` in the environment finds what it started. */
  readonly sandboxed: boolean;
  readonly mark: string;
  /** What holds it to its limits; the process enters before it is told what to do. */
  readonly limitEnforcer?: LimitEnforcer;
}

/** What ran when a command began. */
export interface ProcessBaseline {
  readonly pids: ReadonlySet<number>;
  /** Number of the command. */
  readonly commandNumber: number;
}

/** What a box on this machine knows at once; another one has to ask for it. */
export type Asked<T> = T | Promise<T>;

/** Processes are named by numbers that mean something to the box alone. */
export interface ProcessHost {
  readonly files: ProcessChannel;
  readonly programs: ProcessChannel;
  /** Aborts when the processes have gone; the reason is a `DeckhandError`. */
  readonly closed: AbortSignal;
  /** Streams for one more bash. Those of the first shell are there at once. */
  openStreams(kind: StartRequest["kind"]): Promise<ShellStreams>;
  /** Host's number of the first process behind the wall, when it is known. */
  readonly firstPid: number | undefined;
  /** The number by which this box knows a process that calls itself `pidInside`. */
  resolvePid(pidInside: number): number | undefined;
  isAlive(pid: number): Asked<boolean>;
  /** It does nothing: it is stopped, or has ended. */
  isStopped(pid: number): Asked<boolean>;
  /** A process that has ended is no error. */
  signal(pids: readonly number[], signal: NodeJS.Signals): void;
  /** It and all below it that live. */
  treeOf(pid: number): Asked<readonly number[]>;
  /** The shell must tell its command's number to what it starts, as DECKHAND_COMMAND. */
  readonly tagsCommands: boolean;
  baseline(shell: number | undefined, count: number): Asked<ProcessBaseline>;
  /** What lives now and was started after `before` by the shell's commands; by default also what has left the shell's tree. */
  startedSince(
    before: ProcessBaseline,
    shell: number | undefined,
    where?: "below" | "anywhere",
  ): Asked<readonly number[]>;
  /** Kills what the programs lane runs. */
  killProgram(): void;
  /** A limit that was hit since the last call, where a command ended with this code. */
  limitHit(exitCode: number): LimitHit | undefined;
  /** Ends everything; resolves when it is dead. */
  kill(): Promise<void>;
}

const maxStderrBytes = 4096;
const lastWordsMs = 50;

/** Opens a box of a new launch each time. Streams of further bashes are put into `streams`, which inside can be read and not written. */
export function processHostOpener(
  pipes: PipeSource,
  streams: FifoFolder,
  launch: () => Promise<Launch>,
): () => Promise<ProcessHost> {
  return async () => {
    const [launched, output] = await Promise.all([launch(), pipes.take()]);
    return openProcessHost(launched, output, streams);
  };
}

/** `output` is destroyed with the box. */
function openProcessHost(launch: Launch, output: Pipe, streams: FifoFolder): ProcessHost {
  const [command = "", ...args] = launch.argv;
  const child = spawn(command, args, {
    cwd: launch.cwd,
    env: launch.env,
    // A session of its own, so that an interactive bash finds no terminal to take over.
    detached: true,
    stdio: [
      "ignore",
      "ignore",
      "pipe",
      "pipe",
      "pipe",
      output.writeFd,
      ...Array.from({ length: 10 }, () => "pipe" as const),
    ],
  });
  const gone = new AbortController();
  const said: string[] = [];
  const stderr = child.stdio[2] as Readable;
  stderr.setEncoding("utf8").on("data", (text: string) => {
    if (said.join("").length < maxStderrBytes) said.push(text);
  });
  const exited = Promise.withResolvers<void>();
  const onGone = (why: string) => {
    if (gone.signal.aborted) return;
    output.destroy();
    for (const stream of child.stdio) stream?.destroy();
    gone.abort(new DeckhandError("sandbox_unavailable", why));
    void Promise.resolve(launch.limitEnforcer?.close()).finally(exited.resolve);
  };
  child.on("error", (error) => onGone(`${command} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    const end = () => onGone(said.join("").trim() || `The processes of the conversation ended (${signal ?? code}).`);
    // Its last words may still be on the way; a moment for them, not for ever: something may hold stderr open.
    if (stderr.closed) return end();
    stderr.once("close", end);
    setTimeout(end, lastWordsMs);
  });
  for (const stream of child.stdio) stream?.on("error", () => {});
  if (child.pid !== undefined) output.closeWriteEnd();
  enterLimitsAndFeed(child, launch).catch((error: unknown) => {
    child.kill("SIGKILL");
    onGone(`The processes of the conversation could not be limited: ${(error as Error).message}`);
  });

  const info = launch.sandboxed ? readInfo(child) : Promise.resolve(child.pid);
  let root: number | undefined;
  void info.then((pid) => (root = pid));
  const lane = (inFd: number, outFd: number, errFd: number) =>
    new ProcessChannel(
      { in: child.stdio[inFd] as Writable, out: child.stdio[outFd] as Readable, err: child.stdio[errFd] as Readable },
      gone.signal,
    );
  const files = lane(descriptors.filesIn, descriptors.filesOut, descriptors.filesErr);
  const programs = lane(descriptors.programsIn, descriptors.programsOut, descriptors.programsErr);
  let supervisorInside: number | undefined;
  files.pid.then((pid) => (supervisorInside = pid)).catch(() => {});
  let programsInside: number | undefined;
  programs.pid.then((pid) => (programsInside = pid)).catch(() => {});

  let firstTaken = false;
  const first: ShellStreams = {
    ...bashDialect,
    in: child.stdio[descriptors.shellIn] as Writable,
    status: child.stdio[descriptors.status] as Readable,
    output,
    start(request) {
      const { nonce, cwd } = request;
      files.request({ ...startFields(request, ""), nonce, cwd, maxBytes: 0 }).catch(() => {});
    },
    release: () => (firstTaken = false),
  };
  const find = (pidInside: number) => (root === undefined ? undefined : findByInnerPid(root, pidInside));
  /** In a pid namespace what lost its parent hangs on the first process. */
  const strays = () => (launch.sandboxed && root !== undefined ? childrenOfSingleThreaded(root) : []);
  return {
    files,
    programs,
    closed: gone.signal,
    async openStreams(kind) {
      if (kind === "job" || firstTaken) return openFifoStreams(streams, files, gone.signal);
      firstTaken = true;
      return first;
    },
    get firstPid() {
      return root;
    },
    resolvePid: find,
    isAlive,
    isStopped: (pid) => /^[TtZX]$/.test(statOf(pid)?.state ?? "X"),
    signal: signalAll,
    treeOf: (pid) => processTrees([pid], new Set()),
    tagsCommands: !launch.sandboxed,
    baseline(shell, count) {
      const children = shell === undefined ? [] : childrenOfSingleThreaded(shell);
      return { pids: new Set([...children, ...strays()]), commandNumber: count };
    },
    startedSince(before, shell, where = "anywhere") {
      const own = supervisorInside === undefined ? undefined : find(supervisorInside);
      const except = new Set(before.pids);
      if (own !== undefined) except.add(own);
      const below = processTrees(shell === undefined ? [] : childrenOf(shell), except);
      if (where === "below") return below;
      if (launch.sandboxed)
        return own === undefined ? below : [...new Set([...below, ...processTrees(strays(), except)])];
      if (root === undefined) return below;
      const ours = new Set(processTrees([root], new Set()));
      const left = findMarked(launch.mark, `${commandVariable}=${before.commandNumber}`).filter(
        (pid) => !ours.has(pid),
      );
      return [...below, ...processTrees(left, except)];
    },
    limitHit: (exitCode) => launch.limitEnforcer?.takeHit(exitCode),
    killProgram() {
      const own = programsInside === undefined ? undefined : find(programsInside);
      if (own === undefined) return;
      const below = processTrees([own], new Set()).filter((pid) => pid !== own);
      signalAll(below, "SIGKILL");
    },
    async kill() {
      if (gone.signal.aborted) {
        if (!launch.sandboxed) await killMarked(child.pid, launch.mark);
        return;
      }
      if (!launch.sandboxed) await killMarked(child.pid, launch.mark);
      // The first process of the namespace: when its end is reported, everything in it is dead.
      else if (root !== undefined) signalAll([root], "SIGKILL");
      else child.kill("SIGKILL");
      const late = setTimeout(() => child.kill("SIGKILL"), 500);
      await exited.promise;
      clearTimeout(late);
    },
  };
}

/** bubblewrap waits for what it is fed, so that nothing is started before the process is where it belongs. */
export async function enterLimitsAndFeed(child: ChildProcess, launch: Launch): Promise<void> {
  if (child.pid !== undefined) await launch.limitEnforcer?.enter(child.pid);
  feed(child, launch.feeds);
}

export function feed(child: ChildProcess, feeds: Launch["feeds"]): void {
  const stdio: readonly unknown[] = child.stdio;
  for (const { fd, text } of feeds) (stdio[fd] as Writable | undefined)?.end(text);
}

/** New ones may be born while we look, so until a look finds none. */
export async function killMarked(session: number | undefined, mark: string): Promise<void> {
  if (session === undefined) return;
  for (let round = 0; round < 20; round++) {
    const pids = findBySessionOrMark(session, mark).filter(isAlive);
    if (pids.length === 0) return;
    signalAll(pids, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** bubblewrap's word on where it put the first process: bwrap(1), `--info-fd`. */
export function readInfo(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    const stream = (child.stdio as readonly unknown[])[descriptors.info] as Readable;
    let text = "";
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
    stream.on("close", () => resolve(undefined));
  });
}
