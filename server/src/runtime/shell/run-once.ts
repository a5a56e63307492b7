/** A launch without a supervisor: one program, from its start to its end and that of all that it started. */
import { spawn } from "node:child_process";
import { DeckhandError } from "@deckhand/protocol";
import type { IsolatedProgram, SpawnResult } from "../runtime.ts";
import { enterLimitsAndFeed, killMarked, readInfo, type Launch } from "./process-host.ts";
import { descriptors } from "./shell-protocol.ts";
import { signalAll } from "../processes.ts";

export const maxStderrBytes = 64 * 1024;
/** What has ended may have left behind something that holds its output; it is not waited for. */
const lastWordsMs = 200;

/** Fails with `sandbox_unavailable` where it cannot be started, `interrupted`, `bad_tool_args`. */
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
    // A session of its own: what it leaves behind is found by it where there is no wall.
    detached: true,
    stdio: Array.from({ length: descriptors.filter + 1 }, (_, fd) =>
      fd <= 2 || (launch.sandboxed && fd >= descriptors.info) ? ("pipe" as const) : ("ignore" as const),
    ),
  });
  for (const stream of child.stdio) stream?.on("error", () => {});
  const begun = enterLimitsAndFeed(child, { ...launch, feeds: [...launch.feeds, { fd: 0, text: stdin ?? "" }] });
  begun.catch(() => child.kill("SIGKILL"));

  const root = launch.sandboxed ? readInfo(child) : Promise.resolve(undefined);
  const kill = () => {
    child.kill("SIGKILL");
    // The first process of the namespace, with which all in it end; it may be born only now.
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
    const exitCode = await ended(child, async () => {
      if (!launch.sandboxed) await killMarked(child.pid, launch.mark);
    });
    if (signal.aborted) throw new DeckhandError("interrupted");
    return { stdout: out.bytes(), stderr: err.bytes().toString("utf8"), exitCode, cut: out.truncated };
  } finally {
    signal.removeEventListener("abort", kill);
    for (const stream of child.stdio) stream?.destroy();
  }
}

/** Its exit code, 137 where it was killed. `clear` ends what it left behind. */
function ended(child: ReturnType<typeof spawn>, clear: () => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new DeckhandError("sandbox_unavailable", `${child.spawnfile} could not be started: ${error.message}`)),
    );
    const over = (code: number | null) => resolve(code ?? 137);
    child.on("close", over);
    child.on("exit", (code) => {
      void clear().finally(() => setTimeout(over, lastWordsMs, code));
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
