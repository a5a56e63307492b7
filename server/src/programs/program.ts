/**
 * The user's own programs that the server runs on its machine, outside the sandbox: MCP servers and hooks. Each leads a process group and
 * has a marker in its environment, by which everything it started is found and ended with it, even a process that made its own session
 * (Linux). It gets an allow-list of the server's environment.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { findMarked, signalAll } from "../runtime/processes.ts";

/** Contains no API keys. */
const inherited = ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** In addition to the inherited variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** `code` is null if a signal ended the program or it could not be started. */
export interface ProgramEnd {
  readonly code: number | null;
  /** Why it could not be started. */
  readonly problem?: string;
}

export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when the program has exited and its outputs are closed. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Sends SIGTERM, then SIGKILL after the grace period, to it and everything it started. */
  end(graceMs: number): Promise<void>;
}

export interface Programs {
  /** Marks all programs of one home folder, as `DECKHAND_SERVER` in their environment. */
  readonly serverMark: string;
  start(options: ProgramOptions): Program;
  /** Ends programs that an earlier server left running when it was killed. */
  endOrphans(): void;
}

export interface ProgramsOptions {
  /** DECKHAND_HOME, which one server at a time holds. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** PATH of the user. */
  readonly path: string;
}

export function hostPrograms({ home, env, path }: ProgramsOptions): Programs {
  const serverMark = createHash("sha256").update(home).digest("hex").slice(0, 16);
  const passedOn = Object.fromEntries(inherited.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  return {
    serverMark,
    start(options) {
      const mark = randomUUID();
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: { ...passedOn, PATH: path, ...options.env, DECKHAND_SERVER: serverMark, DECKHAND_PROGRAM: mark },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });
      return running(child, mark);
    },
    endOrphans: () => signalAll(findMarked(`DECKHAND_SERVER=${serverMark}`), "SIGKILL"),
  };
}

function running(child: ChildProcessWithoutNullStreams, mark: string): Program {
  // It may stop reading at any time; writers learn about it from `ended`.
  child.stdin.on("error", () => {});
  const exited = Promise.withResolvers<void>();
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      exited.resolve();
      resolve({ code: null, problem: messageOf(error) });
    });
    child.once("exit", () => {
      // Before its pid can be reused.
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
      const killTimer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
      if (child.exitCode === null && child.signalCode === null) signalGroup(child.pid, "SIGTERM");
      await exited.promise;
      clearTimeout(killTimer);
      signalAll(findMarked(`DECKHAND_PROGRAM=${mark}`), "SIGKILL");
      // No process holds its outputs any more; readers see the end.
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

function messageOf(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "The program or its folder does not exist.";
  if (error.code === "EACCES") return "The program is not executable.";
  return `The program could not be started (${error.code ?? "unknown"}).`;
}

/** Resolves when the program can take more input, or no longer reads it. */
export async function write(program: Program, text: string): Promise<void> {
  const { stdin } = program.child;
  if (stdin.destroyed || !stdin.writable) return;
  if (!stdin.write(text)) await Promise.race([once(stdin, "drain").catch(() => {}), program.ended]);
}
