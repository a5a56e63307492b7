/** A process host on this machine. The launch decides how its processes are confined. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import {
  childrenOf,
  childrenOfSingleThreaded,
  findByInnerPid,
  findBySessionOrMark,
  findMarked,
  isAlive,
  processTrees,
  signalAll,
  statOf,
} from "../processes.ts";
import type { LimitEnforcer } from "../sandbox/limits/limit-enforcer.ts";
import type { Pipe, PipeSource } from "./pipe.ts";
import { ProcessChannel } from "./process-channel.ts";
import type { ProcessHost } from "./process-host.ts";
import { commandVariable, descriptors } from "./shell-protocol.ts";
import { bashDialect, openFifoStreams, startFields, type FifoFolder, type ShellStreams } from "./shell-streams.ts";

export interface Launch {
  /** The whole command line, including the supervisor. */
  readonly argv: readonly string[];
  /** Written to additional descriptors of the process, numbered consecutively from `descriptors.arguments`. */
  readonly feeds: readonly { readonly fd: number; readonly text: string | Uint8Array }[];
  /** The complete environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /**
   * True: the processes have their own pid namespace, which bubblewrap reports through `--info-fd`. False: they are
   * found by `mark` in their environment.
   */
  readonly sandboxed: boolean;
  readonly mark: string;
  /** Enforces the resource limits; the process joins before it is told what to run. */
  readonly limitEnforcer?: LimitEnforcer;
}

const maxStderrBytes = 4096;
/** How long stderr may lag behind the exit. */
const stderrGraceMs = 50;
/** A launcher that survives the death of its first process is killed after this. */
const killGraceMs = 500;

/**
 * Opens a new host for a new launch each time. `fifos` is readable but not writable inside; further shells get their
 * streams there.
 */
export function processHostOpener(
  pipes: PipeSource,
  fifos: FifoFolder,
  launch: () => Promise<Launch>,
): () => Promise<ProcessHost> {
  return async () => {
    const [launched, output] = await Promise.all([launch(), pipes.take()]);
    return openLocalHost(launched, output, fifos);
  };
}

/** The host takes ownership of `output`. */
function openLocalHost(launch: Launch, output: Pipe, fifos: FifoFolder): ProcessHost {
  const [command = "", ...args] = launch.argv;
  const child = spawn(command, args, {
    cwd: launch.cwd,
    env: launch.env,
    // A new session, so that an interactive bash finds no terminal to take over.
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
  const { closed, exited, fail } = watchExit(child, launch, output);
  for (const stream of child.stdio) stream?.on("error", () => {});
  if (child.pid !== undefined) output.closeWriteEnd();
  enterLimitsAndFeed(child, launch).catch((error: unknown) => {
    child.kill("SIGKILL");
    fail(`The resource limits could not be applied: ${(error as Error).message}`);
  });

  let root: number | undefined;
  void (launch.sandboxed ? readInfo(child) : Promise.resolve(child.pid)).then((pid) => (root = pid));
  const openChannel = (inFd: number, outFd: number, errFd: number) =>
    new ProcessChannel(
      { in: child.stdio[inFd] as Writable, out: child.stdio[outFd] as Readable, err: child.stdio[errFd] as Readable },
      closed,
    );
  const files = openChannel(descriptors.filesIn, descriptors.filesOut, descriptors.filesErr);
  const programs = openChannel(descriptors.programsIn, descriptors.programsOut, descriptors.programsErr);
  let supervisorInside: number | undefined;
  files.pid.then((pid) => (supervisorInside = pid)).catch(() => {});
  let programsInside: number | undefined;
  programs.pid.then((pid) => (programsInside = pid)).catch(() => {});

  let firstTaken = false;
  const firstStreams: ShellStreams = {
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
  const resolvePid = (pidInside: number) => (root === undefined ? undefined : findByInnerPid(root, pidInside));
  /** In a pid namespace, orphans become children of the first process. */
  const orphans = () => (launch.sandboxed && root !== undefined ? childrenOfSingleThreaded(root) : []);
  return {
    files,
    programs,
    closed,
    async openStreams(kind) {
      if (kind === "job" || firstTaken) return openFifoStreams(fifos, files, closed);
      firstTaken = true;
      return firstStreams;
    },
    get firstPid() {
      return root;
    },
    resolvePid,
    isAlive: async (pid) => isAlive(pid),
    isStopped: async (pid) => /^[TtZX]$/.test(statOf(pid)?.state ?? "X"),
    signal: signalAll,
    treeOf: async (pid) => processTrees([pid], new Set()),
    tagsCommands: !launch.sandboxed,
    async baseline(shell, commandNumber) {
      const children = shell === undefined ? [] : childrenOfSingleThreaded(shell);
      return { pids: new Set([...children, ...orphans()]), commandNumber };
    },
    async startedSince(baseline, shell, where = "anywhere") {
      const supervisor = supervisorInside === undefined ? undefined : resolvePid(supervisorInside);
      const except = new Set(baseline.pids);
      if (supervisor !== undefined) except.add(supervisor);
      const below = processTrees(shell === undefined ? [] : childrenOf(shell), except);
      if (where === "below") return below;
      if (launch.sandboxed) {
        return supervisor === undefined ? below : [...new Set([...below, ...processTrees(orphans(), except)])];
      }
      if (root === undefined) return below;
      const ours = new Set(processTrees([root], new Set()));
      const tagged = findMarked(launch.mark, `${commandVariable}=${baseline.commandNumber}`);
      const reparented = tagged.filter((pid) => !ours.has(pid));
      return [...below, ...processTrees(reparented, except)];
    },
    limitHit: (exitCode) => launch.limitEnforcer?.takeHit(exitCode),
    async killProgram() {
      const channel = programsInside === undefined ? undefined : resolvePid(programsInside);
      if (channel === undefined) return;
      signalAll(
        processTrees([channel], new Set()).filter((pid) => pid !== channel),
        "SIGKILL",
      );
    },
    async kill() {
      if (!launch.sandboxed) await killMarked(child.pid, launch.mark);
      if (closed.aborted) return;
      // The first process of the namespace: once its exit is reported, everything in the namespace is dead.
      if (launch.sandboxed) {
        if (root !== undefined) signalAll([root], "SIGKILL");
        else child.kill("SIGKILL");
      }
      const late = setTimeout(() => child.kill("SIGKILL"), killGraceMs);
      await exited;
      clearTimeout(late);
    },
  };
}

interface ExitWatch {
  readonly closed: AbortSignal;
  /** Resolves once the limits have been released, too. */
  readonly exited: Promise<void>;
  fail(why: string): void;
}

function watchExit(child: ChildProcess, { argv: [command], limitEnforcer }: Launch, output: Pipe): ExitWatch {
  const closed = new AbortController();
  const exited = Promise.withResolvers<void>();
  let stderrText = "";
  const stderr = child.stdio[2] as Readable;
  stderr.setEncoding("utf8").on("data", (text: string) => {
    if (stderrText.length < maxStderrBytes) stderrText += text;
  });
  const fail = (why: string) => {
    if (closed.signal.aborted) return;
    output.destroy();
    for (const stream of child.stdio) stream?.destroy();
    closed.abort(new DeckhandError("sandbox_unavailable", why));
    void Promise.resolve(limitEnforcer?.close()).finally(exited.resolve);
  };
  child.on("error", (error) => fail(`${command} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    const end = () => fail(stderrText.trim() || `The conversation's processes ended (${signal ?? code}).`);
    if (stderr.closed) return end();
    // Its last message may still be in the pipe. The wait is short, because another process may hold stderr open.
    stderr.once("close", end);
    setTimeout(end, stderrGraceMs);
  });
  return { closed: closed.signal, exited: exited.promise, fail };
}

/** bubblewrap waits for its arguments, so nothing starts before the process has joined its control group. */
export async function enterLimitsAndFeed(child: ChildProcess, launch: Launch): Promise<void> {
  if (child.pid !== undefined) await launch.limitEnforcer?.enter(child.pid);
  const stdio: readonly unknown[] = child.stdio;
  for (const { fd, text } of launch.feeds) (stdio[fd] as Writable | undefined)?.end(text);
}

/** Repeats until no process is found, because new ones may start between listing and killing. */
export async function killMarked(session: number | undefined, mark: string): Promise<void> {
  if (session === undefined) return;
  for (let round = 0; round < 20; round++) {
    const pids = findBySessionOrMark(session, mark).filter(isAlive);
    if (pids.length === 0) return;
    signalAll(pids, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The pid of the first process in the sandbox, as bubblewrap reports it: bwrap(1), `--info-fd`. */
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
