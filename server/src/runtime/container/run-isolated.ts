/** Runs one program in a container of its own. */
import { DeckhandError } from "@deckhand/protocol";
import { HeadBuffer, maxStderrBytes } from "../shell/run-once.ts";
import type { IsolatedProgram, SpawnResult } from "../runtime.ts";
import type { Exec } from "./container-host.ts";
import type { ExecStreams } from "./container-streams.ts";

export interface OwnContainer {
  /** Creates the container and returns its exec function. */
  readonly start: () => Promise<Exec>;
  /** Removes the container and ends everything in it. */
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
    throw new DeckhandError("bad_tool_args", "The argument list must not be empty or contain NUL bytes.");
  }
  if (signal.aborted) throw new DeckhandError("interrupted");
  let streams: ExecStreams | undefined;
  // Removing the container ends the processes that the program started.
  const stop = () => streams?.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const exec = await start();
    // The shell searches PATH and exits with 127 if there is no such program.
    streams = await exec(["sh", "-c", 'exec "$@"', "deckhand", ...argv]);
    if (signal.aborted) throw new DeckhandError("interrupted");
    const out = new HeadBuffer(maxBytes, stop);
    const err = new HeadBuffer(maxStderrBytes);
    streams.out.on("data", (bytes: Buffer) => out.add(bytes));
    streams.err.on("data", (bytes: Buffer) => err.add(bytes));
    for (const stream of [streams.in, streams.out, streams.err]) stream.on("error", () => {});
    const { out: stdout } = streams;
    const closed = new Promise<void>((resolve) => stdout.once("close", resolve));
    streams.in.end(stdin);
    await closed;
    if (signal.aborted) throw new DeckhandError("interrupted");
    const exitCode = out.truncated ? 137 : await streams.exitCode();
    return { stdout: out.bytes(), stderr: err.bytes().toString("utf8"), exitCode, cut: out.truncated };
  } finally {
    signal.removeEventListener("abort", stop);
    await remove();
  }
}
