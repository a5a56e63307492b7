/** Runs one program without a supervisor, until it and everything it started has ended. */
import { spawn } from "node:child_process";
import { DeckhandError } from "@deckhand/protocol";
import { signalAll } from "../processes.ts";
import type { IsolatedProgram, SpawnResult } from "../runtime.ts";
import { enterLimitsAndFeed, killMarked, readInfo, type Launch } from "./local-host.ts";
import { descriptors } from "./shell-protocol.ts";

export const maxStderrBytes = 64 * 1024;
/** A program may leave something behind that holds its output open; that is not waited for any longer. */
const outputGraceMs = 200;
/** The exit code of a killed program: 128 + SIGKILL. */
const killedCode = 137;

/** Fails with `sandbox_unavailable` if it cannot be started, `interrupted`, `bad_tool_args`. */
export async function runOnce(
  launch: Launch,
  { argv, stdin, onStderr }: Pick<IsolatedProgram, "argv" | "stdin" | "onStderr">,
  maxBytes: number,
  signal: AbortSignal,
): Promise<SpawnResult> {
  if (argv.length === 0 || argv.some((argument) => argument.includes("\0"))) {
    throw new DeckhandError("bad_tool_args", "A program's arguments cannot be empty or contain a NUL byte.");
  }
  if (signal.aborted) throw new DeckhandError("interrupted");
  const [file = "", ...args] = launch.argv;
  const child = spawn(file, args, {
    cwd: launch.cwd,
    env: launch.env,
    // A new session: without a sandbox, that is how its descendants are found.
    detached: true,
    stdio: Array.from({ length: descriptors.filter + 1 }, (_, fd) =>
      fd <= 2 || (launch.sandboxed && fd >= descriptors.info) ? ("pipe" as const) : ("ignore" as const),
    ),
  });
  for (const stream of child.stdio) stream?.on("error", () => {});
  const fed = enterLimitsAndFeed(child, { ...launch, feeds: [...launch.feeds, { fd: 0, text: stdin ?? "" }] });
  fed.catch(() => child.kill("SIGKILL"));

  const root = launch.sandboxed ? readInfo(child) : Promise.resolve(undefined);
  const kill = () => {
    child.kill("SIGKILL");
    // The first process of the namespace, whose death ends all others. It may not have been started yet.
    void root.then((pid) => pid !== undefined && signalAll([pid], "SIGKILL"));
  };
  const out = new HeadBuffer(maxBytes, kill);
  const err = new HeadBuffer(maxStderrBytes);
  child.stdout?.on("data", (bytes: Buffer) => out.add(bytes));
  child.stderr?.on("data", (bytes: Buffer) => {
    err.add(bytes);
    onStderr?.(bytes.toString("utf8"));
  });
  signal.addEventListener("abort", kill, { once: true });
  try {
    const exitCode = await exitCodeOf(child, async () => {
      if (!launch.sandboxed) await killMarked(child.pid, launch.mark);
    });
    if (signal.aborted) throw new DeckhandError("interrupted");
    return { stdout: out.bytes(), stderr: err.bytes().toString("utf8"), exitCode, cut: out.truncated };
  } finally {
    signal.removeEventListener("abort", kill);
    for (const stream of child.stdio) stream?.destroy();
  }
}

/** `killLeftovers` ends what the program left running. */
function exitCodeOf(child: ReturnType<typeof spawn>, killLeftovers: () => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new DeckhandError("sandbox_unavailable", `${child.spawnfile} could not be started: ${error.message}`)),
    );
    const settle = (code: number | null) => resolve(code ?? killedCode);
    child.on("close", settle);
    child.on("exit", (code) => {
      void killLeftovers().finally(() => setTimeout(settle, outputGraceMs, code));
    });
  });
}

/** The first bytes of a stream. */
export class HeadBuffer {
  readonly #parts: Buffer[] = [];
  readonly #maxBytes: number;
  readonly #onOverflow: () => void;
  #sizeBytes = 0;

  constructor(maxBytes: number, onOverflow: () => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  get truncated(): boolean {
    return this.#sizeBytes > this.#maxBytes;
  }

  add(bytes: Buffer): void {
    if (this.truncated) return;
    this.#parts.push(bytes);
    this.#sizeBytes += bytes.length;
    if (this.truncated) this.#onOverflow();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts).subarray(0, this.#maxBytes);
  }
}
