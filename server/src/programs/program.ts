/**
 * Programs of the user's own that the server runs on its machine, outside of the sandbox: MCP servers and hooks. Each leads
 * a process group and carries a mark in its environment, by which whatever it has started is found again and ended with it,
 * also what made a session of its own (Linux). Of the server's environment it gets an allow-list.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { findMarked, signalAll } from "../runtime/processes.ts";

/** No key of a provider is among them. */
const inherited = ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Beside what it inherits. */
  readonly env: Readonly<Record<string, string>>;
}

/** How it ended; null where a signal ended it or it could not be started. */
export interface ProgramEnd {
  readonly code: number | null;
  /** Why it could not be started. */
  readonly problem?: string;
}

export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  /** When it has ended and its outputs are closed. Never fails. */
  readonly ended: Promise<ProgramEnd>;
  /** Asks it to end, then ends it with all that it has started. */
  end(graceMs: number): Promise<void>;
}

export interface Programs {
  /** Marks all of them, in their environment: `DECKHAND_HOUSE`. */
  readonly house: string;
  start(options: ProgramOptions): Program;
  /** Ends what a server before this one, which was killed, has left running. */
  endLeft(): void;
}

export interface ProgramsOptions {
  /** What the server keeps; one server holds it at a time. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the user's programs are. */
  readonly path: string;
}

export function hostPrograms({ home, env, path }: ProgramsOptions): Programs {
  const house = createHash("sha256").update(home).digest("hex").slice(0, 16);
  const own = Object.fromEntries(inherited.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  return {
    house,
    start(options) {
      const mark = randomUUID();
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: { ...own, PATH: path, ...options.env, DECKHAND_HOUSE: house, DECKHAND_PROGRAM: mark },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });
      return running(child, mark);
    },
    endLeft: () => signalAll(findMarked(`DECKHAND_HOUSE=${house}`), "SIGKILL"),
  };
}

function running(child: ChildProcessWithoutNullStreams, mark: string): Program {
  // It may stop reading at any time; who writes learns it from the end.
  child.stdin.on("error", () => {});
  const exited = Promise.withResolvers<void>();
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      exited.resolve();
      resolve({ code: null, problem: sentenceOf(error) });
    });
    child.once("exit", () => {
      // Before its number can be another's.
      signalGroup(child.pid, "SIGKILL");
      exited.resolve();
    });
    child.once("close", (code) => resolve({ code }));
  });
  return {
    child,
    ended,
    async end(graceMs) {
      child.stdin.end();
      const patience = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
      if (child.exitCode === null && child.signalCode === null) signalGroup(child.pid, "SIGTERM");
      await exited.promise;
      clearTimeout(patience);
      signalAll(findMarked(`DECKHAND_PROGRAM=${mark}`), "SIGKILL");
      // What still held its outputs is gone; whoever reads them sees their end.
      if (!child.stdout.readableEnded || !child.stderr.readableEnded) {
        child.stdout.destroy();
        child.stderr.destroy();
      }
      await ended;
    },
  };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) signalAll([-pid], signal);
}

function sentenceOf(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "There is no such program, or no such folder.";
  if (error.code === "EACCES") return "It may not be run.";
  return `It could not be started (${error.code ?? "unknown"}).`;
}

/** Resolves when the program listens to its input no more, or at once when it is ready for more. */
export async function write(program: Program, text: string): Promise<void> {
  const { stdin } = program.child;
  if (stdin.destroyed || !stdin.writable) return;
  if (!stdin.write(text)) await Promise.race([once(stdin, "drain").catch(() => {}), program.ended]);
}
