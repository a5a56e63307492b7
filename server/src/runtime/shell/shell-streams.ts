/**
 * The streams of one bash in the box. The first shell has descriptors that the box was opened with; every other bash gets FIFOs, made in
 * a folder that is ours outside and can be read, not written, inside: opening a FIFO for writing needs no more, and nobody inside can put
 * something else in its place. They are unlinked as soon as the bash has opened them.
 */
import { rm } from "node:fs/promises";
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { Readable, Writable } from "node:stream";
import { commandLines, shellPrologue, type ShellCommand } from "./shell-protocol.ts";
import { newNonce, type ProcessChannel, type ChannelRequest } from "./process-channel.ts";
import { makeFifos, openPipe, type Pipe } from "./pipe.ts";

export interface StartRequest {
  readonly kind: "shell" | "job";
  /** Stands before and after what this bash and no other says and reads. */
  readonly nonce: string;
  readonly cwd: string;
  /** It starts with no environment, because it is told all of it. */
  readonly cleanEnvironment: boolean;
  /** It gets a terminal. */
  readonly terminal: boolean;
}

/** How a shell is spoken to. */
export interface ShellDialect {
  /** What it must read first: it is to be as another shell was that told `state` of itself. */
  prologue(nonce: string, state: string): string;
  /** What it must read to run a command. */
  commandLines(command: ShellCommand): string;
}

export const bashDialect: ShellDialect = { prologue: shellPrologue, commandLines: commandLines };

/** What is printed. */
export type OutputSource = Pick<Pipe, "onData" | "pause" | "resume"> & {
  /** Hands all that was printed before the last status to the listener. */
  drain(): void | Promise<void>;
};

export interface ShellStreams extends ShellDialect {
  readonly in: Writable;
  readonly status: Readable;
  readonly output: OutputSource;
  /** Starts a bash on the streams, before anything is written: once, but for those that the box was opened with. */
  start(request: StartRequest): void;
  /** The bash has ended. What it left in the background may still print. */
  release(): void;
}

export interface FifoFolder {
  readonly hostPath: string;
  readonly sandboxPath: string;
}

export function startFields(request: StartRequest, streams: string): Pick<ChannelRequest, "kind" | "fields"> {
  const bare = request.cleanEnvironment ? "1" : "";
  if (request.kind === "shell") return { kind: "shell", fields: [streams, bare] };
  return { kind: "job", fields: [streams, bare, request.terminal ? "1" : ""] };
}

/** `gone` aborts with the box, and then everything is closed. */
export async function openFifoStreams(
  folder: FifoFolder,
  files: ProcessChannel,
  gone: AbortSignal,
): Promise<ShellStreams> {
  const name = `.${newNonce()}`;
  const at = (stream: string) => join(folder.hostPath, `${name}.${stream}`);
  const paths = ["in", "status", "output"].map(at);
  const unlink = () => Promise.all(paths.map((path) => rm(path, { force: true }))).catch(() => {});
  try {
    await makeFifos(paths);
    const ends = (stream: string) => ({
      readFd: openSync(at(stream), constants.O_RDONLY | constants.O_NONBLOCK),
      // Held until the bash has its own, so that the stream does not seem to have ended.
      writeFd: openSync(at(stream), constants.O_WRONLY | constants.O_NONBLOCK),
    });
    const output = openPipe(ends("output"));
    const status = openPipe(ends("status"));
    // For reading too: else it could not be opened before somebody reads.
    const input = new Socket({ fd: openSync(at("in"), constants.O_RDWR | constants.O_NONBLOCK), readable: false });
    input.on("error", () => {});
    const opened = () => {
      output.closeWriteEnd();
      status.closeWriteEnd();
      void unlink();
    };
    status.readable.once("data", opened);
    const destroy = () => {
      opened();
      output.destroy();
      status.destroy();
      input.destroy();
    };
    if (gone.aborted) destroy();
    else gone.addEventListener("abort", destroy, { once: true });
    output.onClose(() => gone.removeEventListener("abort", destroy));
    return {
      ...bashDialect,
      in: input,
      status: status.readable,
      output,
      start(request) {
        const { nonce, cwd } = request;
        const streams = join(folder.sandboxPath, name);
        files.request({ ...startFields(request, streams), nonce, cwd, maxBytes: 0 }).catch(() => {});
      },
      release() {
        opened();
        status.destroy();
        input.destroy();
      },
    };
  } catch (error) {
    await unlink();
    const why = `No streams could be made for a command: ${(error as Error).message}`;
    throw new DeckhandError("sandbox_unavailable", why, { cause: error });
  }
}
