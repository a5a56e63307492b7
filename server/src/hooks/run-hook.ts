/**
 * Runs one hook: on the server's machine, in a folder of the server (never in a workspace, whose files are untrusted), or in the
 * conversation's sandbox, in its workspace. Its time and its output are bounded.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Hook } from "@deckhand/protocol";
import { write, type Programs } from "../programs/program.ts";
import type { Runtime } from "../runtime/runtime.ts";

export interface HookRun {
  /** -1 if there is none. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** Why it could not run. */
  readonly problem?: string;
}

/** Never fails. */
export type RunHook = (hook: Hook, input: string, signal: AbortSignal) => Promise<HookRun>;

export const defaultHookSeconds = 60;
/** The model reads it; a screenful of errors is enough. */
const maxChars = 8000;
const graceMs = 200;
/** An argument of a program may have at most 128 KiB on Linux. */
const maxInputBytes = 100_000;

type RunResult = Omit<HookRun, "durationMs" | "timedOut">;

export function hookRunner(options: {
  readonly programs: Programs;
  readonly home: string;
  readonly runtime: () => Promise<Runtime>;
}): RunHook {
  const folder = join(options.home, "hooks");
  return async (hook, input, signal) => {
    const startedAt = performance.now();
    const deadline = AbortSignal.timeout((hook.timeout_seconds ?? defaultHookSeconds) * 1000);
    const stop = AbortSignal.any([signal, deadline]);
    const run = hook.sandbox === true ? inSandbox(options.runtime) : onMachine(options.programs, folder);
    const ran = await run(hook.command, input, stop).catch((error: unknown): RunResult => ({
      exitCode: -1,
      stdout: "",
      stderr: "",
      problem: messageOf(error),
    }));
    const timedOut = deadline.aborted && !signal.aborted && ran.exitCode === -1;
    const { problem, ...rest } = ran;
    return {
      ...rest,
      durationMs: Math.round(performance.now() - startedAt),
      timedOut,
      ...(timedOut ? { problem: "The hook timed out and was stopped." } : problem === undefined ? {} : { problem }),
    };
  };
}

function onMachine(programs: Programs, folder: string) {
  return async (command: string, input: string, signal: AbortSignal): Promise<RunResult> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    signal.throwIfAborted();
    const program = programs.start({ command: "/bin/sh", args: ["-c", command], cwd: folder, env: {} });
    const stdout = collect(program.child.stdout);
    const stderr = collect(program.child.stderr);
    const stop = (): void => void program.end(graceMs);
    signal.addEventListener("abort", stop, { once: true });
    // The hook need not read its input.
    void write(program, input).then(() => program.child.stdin.end());
    const { code, problem } = await program.ended;
    signal.removeEventListener("abort", stop);
    // Ends any process it left running.
    await program.end(0);
    const exitCode = signal.aborted ? -1 : (code ?? -1);
    return { exitCode, stdout: stdout(), stderr: stderr(), ...(problem === undefined ? {} : { problem }) };
  };
}

function inSandbox(runtime: () => Promise<Runtime>) {
  return async (command: string, input: string, signal: AbortSignal): Promise<RunResult> => {
    if (Buffer.byteLength(input) > maxInputBytes)
      throw new Error("The action is too large to pass to a hook in the sandbox.");
    const sandbox = await runtime();
    const argv = ["/bin/sh", "-c", `printf '%s' "$2" | /bin/sh -c "$1"`, "hook", command, input];
    const { stdout, stderr, exitCode } = await sandbox.spawn(argv, maxChars, signal);
    return { exitCode, stdout: cut(Buffer.from(stdout).toString("utf8")), stderr: cut(stderr) };
  };
}

/** Keeps the beginning, where compilers print what matters. */
function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  let omitted = 0;
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const charsLeft = maxChars - text.length;
    text += chunk.slice(0, charsLeft);
    omitted += Math.max(0, chunk.length - charsLeft);
  });
  return () => (omitted === 0 ? text.trim() : `${text.trim()}\n[… ${omitted} characters omitted …]`);
}

function cut(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= maxChars ? trimmed : `${trimmed.slice(0, maxChars)}\n[… rest omitted …]`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "The hook could not be run.";
}
