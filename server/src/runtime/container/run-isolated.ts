/** One program in a container of its own, from its start to its end. */
import { DeckhandError } from "@deckhand/protocol";
import { HeadBuffer, maxStderrBytes } from "../shell/run-once.ts";
import type { IsolatedProgram, SpawnResult } from "../runtime.ts";
import type { ExecStreams } from "./container-host.ts";

export interface OwnContainer {
  /** Makes the container, and returns how a program is run in it. */
  readonly start: () => Promise<(argv: readonly string[]) => Promise<ExecStreams>>;
  /** Ends what runs in it. */
  readonly remove: () => Promise<void>;
}

/** Fails with `sandbox_unavailable`, `interrupted`, `bad_tool_args`. */
export async function runInOwnContainer(
  { start, remove }: OwnContainer,
  { argv, stdin = "" }: Pick<IsolatedProgram, "argv" | "stdin">,
  maxBytes: number,
  signal: AbortSignal,
): Promise<SpawnResult> {
  if (argv.length === 0 || argv.some((argument) => argument.includes("\0"))) {
    throw new DeckhandError("bad_tool_args", "A program's arguments cannot be empty or contain a NUL byte.");
  }
  if (signal.aborted) throw new DeckhandError("interrupted");
  let streams: ExecStreams | undefined;
  // What it started is ended with its container.
  const stop = () => streams?.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const exec = await start();
    // A shell finds the program, and says 127 where there is none.
    streams = await exec(["sh", "-c", 'exec "$@"', "deckhand", ...argv]);
    if (signal.aborted) throw new DeckhandError("interrupted");
    const out = new HeadBuffer(maxBytes, stop);
    const err = new HeadBuffer(maxStderrBytes);
    streams.out.on("data", (bytes: Buffer) => out.add(bytes));
    streams.err.on("data", (bytes: Buffer) => err.add(bytes));
    for (const stream of [streams.in, streams.out, streams.err]) stream.on("error", () => {});
    const { out: printed } = streams;
    const over = new Promise<void>((resolve) => printed.once("close", resolve));
    streams.in.end(stdin);
    await over;
    if (signal.aborted) throw new DeckhandError("interrupted");
    const exitCode = out.truncated ? 137 : await streams.exitCode();
    return { stdout: out.bytes(), stderr: err.bytes().toString("utf8"), exitCode, cut: out.truncated };
  } finally {
    signal.removeEventListener("abort", stop);
    await remove();
  }
}
