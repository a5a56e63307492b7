/**
 * The streams of one shell process. The first shell uses descriptors that its host was started with; every other one
 * gets FIFOs in a folder that belongs to the server and is readable but not writable inside. Opening a FIFO for writing
 * needs no more than that, and nobody inside can replace it. They are unlinked as soon as the shell has opened them.
 */
import { constants, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import { makeFifos, openPipe } from "./pipe.ts";
import { newNonce, type ChannelRequest, type ProcessChannel } from "./process-channel.ts";
import { commandLines, shellPrologue, type ShellCommand } from "./shell-protocol.ts";

export interface StartRequest {
  readonly kind: "shell" | "job";
  /** Delimits what this shell process reads and writes; never reused. */
  readonly nonce: string;
  readonly cwd: string;
  /** Starts without an environment, because the carried-over state contains all of it. */
  readonly cleanEnvironment: boolean;
  /** Runs on a terminal. */
  readonly terminal: boolean;
}

/** How a shell is spoken to. */
export interface ShellDialect {
  /** The first input of a new shell, which restores the `state` that another shell reported. */
  prologue(nonce: string, state: string): string;
  /** The input that runs a command. */
  commandLines(command: ShellCommand): string;
}

export const bashDialect: ShellDialect = { prologue: shellPrologue, commandLines };

/** What a shell's commands print. */
export interface OutputSource {
  /** Replaces the listener. */
  onData(listener: (bytes: Buffer) => void): void;
  /** Passes everything printed before the last status record to the listener. */
  drain(): Promise<void>;
  /** While paused, a process that prints more blocks. */
  pause(): void;
  resume(): void;
}

export interface ShellStreams extends ShellDialect {
  readonly in: Writable;
  readonly status: Readable;
  readonly output: OutputSource;
  /**
   * Starts the shell process, before anything is written. Once only, except on the streams that the host was opened
   * with.
   */
  start(request: StartRequest): void;
  /** The shell process has ended. What it left in the background may still print. */
  release(): void;
}

/** A folder by its path on this machine and its path in the sandbox. */
export interface FifoFolder {
  readonly hostPath: string;
  readonly sandboxPath: string;
}

export function startFields(request: StartRequest, streams: string): Pick<ChannelRequest, "kind" | "fields"> {
  const clean = request.cleanEnvironment ? "1" : "";
  if (request.kind === "shell") return { kind: "shell", fields: [streams, clean] };
  return { kind: "job", fields: [streams, clean, request.terminal ? "1" : ""] };
}

/** `closed` is the host's signal; everything is closed when it aborts. */
export async function openFifoStreams(
  folder: FifoFolder,
  files: ProcessChannel,
  closed: AbortSignal,
): Promise<ShellStreams> {
  const name = `.${newNonce()}`;
  const at = (stream: string) => join(folder.hostPath, `${name}.${stream}`);
  const paths = ["in", "status", "output"].map(at);
  const unlink = () => Promise.all(paths.map((path) => rm(path, { force: true }))).catch(() => {});
  try {
    await makeFifos(paths);
    const openEnds = (stream: string) => ({
      readFd: openSync(at(stream), constants.O_RDONLY | constants.O_NONBLOCK),
      // Held until the shell has its own write end, so that the stream does not appear to have ended.
      writeFd: openSync(at(stream), constants.O_WRONLY | constants.O_NONBLOCK),
    });
    const output = openPipe(openEnds("output"));
    const status = openPipe(openEnds("status"));
    // Opened for reading, too: otherwise opening would fail until there is a reader.
    const input = new Socket({ fd: openSync(at("in"), constants.O_RDWR | constants.O_NONBLOCK), readable: false });
    input.on("error", () => {});
    const onOpenedInside = () => {
      output.closeWriteEnd();
      status.closeWriteEnd();
      void unlink();
    };
    status.readable.once("data", onOpenedInside);
    const destroy = () => {
      onOpenedInside();
      output.destroy();
      status.destroy();
      input.destroy();
    };
    if (closed.aborted) destroy();
    else closed.addEventListener("abort", destroy, { once: true });
    output.onClose(() => closed.removeEventListener("abort", destroy));
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
        onOpenedInside();
        status.destroy();
        input.destroy();
      },
    };
  } catch (error) {
    await unlink();
    const why = `The command's input and output could not be set up: ${(error as Error).message}`;
    throw new DeckhandError("sandbox_unavailable", why, { cause: error });
  }
}
