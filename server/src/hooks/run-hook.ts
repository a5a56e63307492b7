/**
 * Runs one hook: on the server's machine, in a folder of the server's own (what lies in a workspace is not the user's word, so no
 * hook begins there), or in the conversation's sandbox, in its workspace. Its time and what it prints are bounded.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Hook } from "@deckhand/protocol";
import { write, type Programs } from "../programs/program.ts";
import type { Runtime } from "../runtime/runtime.ts";

export interface HookRun {
  /** -1: it has none. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** Why it could not be run. */
  readonly problem?: string;
}

/** Never fails. */
export type RunHook = (hook: Hook, story: string, signal: AbortSignal) => Promise<HookRun>;

export const defaultHookSeconds = 60;
/** The model reads it: a screenful of errors says it all. */
const mostChars = 8000;
const graceMs = 200;
/** An argument of a program is at most 128 KiB (Linux). */
const mostStoryBytes = 100_000;

type Ran = Omit<HookRun, "durationMs" | "timedOut">;

export function hookRunner(options: {
  readonly programs: Programs;
  readonly home: string;
  readonly runtime: () => Promise<Runtime>;
}): RunHook {
  const folder = join(options.home, "hooks");
  return async (hook, story, signal) => {
    const startedAt = performance.now();
    const deadline = AbortSignal.timeout((hook.timeout_seconds ?? defaultHookSeconds) * 1000);
    const until = AbortSignal.any([signal, deadline]);
    const run = hook.sandbox === true ? inSandbox(options.runtime) : onMachine(options.programs, folder);
    const ran = await run(hook.command, story, until).catch((error: unknown): Ran => ({
      exitCode: -1,
      stdout: "",
      stderr: "",
      problem: sentenceOf(error),
    }));
    const timedOut = deadline.aborted && !signal.aborted && ran.exitCode === -1;
    const { problem, ...rest } = ran;
    return {
      ...rest,
      durationMs: Math.round(performance.now() - startedAt),
      timedOut,
      ...(timedOut ? { problem: "It took too long and was ended." } : problem === undefined ? {} : { problem }),
    };
  };
}

function onMachine(programs: Programs, folder: string) {
  return async (command: string, story: string, signal: AbortSignal): Promise<Ran> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    signal.throwIfAborted();
    const program = programs.start({ command: "/bin/sh", args: ["-c", command], cwd: folder, env: {} });
    const stdout = collect(program.child.stdout);
    const stderr = collect(program.child.stderr);
    const stop = (): void => void program.end(graceMs);
    signal.addEventListener("abort", stop, { once: true });
    // It need not read it.
    void write(program, story).then(() => program.child.stdin.end());
    const { code, problem } = await program.ended;
    signal.removeEventListener("abort", stop);
    // Whatever it has left running ends with it.
    await program.end(0);
    const exitCode = signal.aborted ? -1 : (code ?? -1);
    return { exitCode, stdout: stdout(), stderr: stderr(), ...(problem === undefined ? {} : { problem }) };
  };
}

function inSandbox(runtime: () => Promise<Runtime>) {
  return async (command: string, story: string, signal: AbortSignal): Promise<Ran> => {
    if (Buffer.byteLength(story) > mostStoryBytes) throw new Error("It is too long to be told in the sandbox.");
    const place = await runtime();
    const argv = ["/bin/sh", "-c", `printf '%s' "$2" | /bin/sh -c "$1"`, "hook", command, story];
    const { stdout, stderr, exitCode } = await place.spawn(argv, mostChars, signal);
    return { exitCode, stdout: cut(Buffer.from(stdout).toString("utf8")), stderr: cut(stderr) };
  };
}

/** The beginning: compilers say there what matters. */
function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  let left = 0;
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const room = mostChars - text.length;
    text += chunk.slice(0, room);
    left += Math.max(0, chunk.length - room);
  });
  return () => (left === 0 ? text.trim() : `${text.trim()}\n[… ${left} characters are left out …]`);
}

function cut(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= mostChars ? trimmed : `${trimmed.slice(0, mostChars)}\n[… more is left out …]`;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : "It could not be run.";
}
