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
import { shellLines, shellOpening, type ShellCommand } from "./driver.ts";
import { newNonce, type Lane, type LaneRequest } from "./lane.ts";
import { makeFifos, openPipe, type Pipe } from "./pipe.ts";

export interface SeatRequest {
  readonly kind: "shell" | "job";
  /** Stands before and after what this bash and no other says and reads. */
  readonly nonce: string;
  readonly cwd: string;
  /** It starts with no environment, because it is told all of it. */
  readonly bare: boolean;
  /** It gets a terminal. */
  readonly terminal: boolean;
}

/** How a shell is spoken to. */
export interface ShellWords {
  /** What it must read first: it is to be as another shell was that told `state` of itself. */
  opening(nonce: string, state: string): string;
  /** What it must read to run a command. */
  lines(command: ShellCommand): string;
}

export const bashWords: ShellWords = { opening: shellOpening, lines: shellLines };

/** What is printed. */
export type Printed = Pick<Pipe, "onData" | "pause" | "resume"> & {
  /** Hands all that was printed before the last status to the listener. */
  drain(): void | Promise<void>;
};

export interface Seat extends ShellWords {
  readonly in: Writable;
  readonly status: Readable;
  readonly output: Printed;
  /** Starts a bash on the streams, before anything is written: once, but for those that the box was opened with. */
  start(request: SeatRequest): void;
  /** The bash has ended. What it left in the background may still print. */
  leave(): void;
}

export interface FifoFolder {
  readonly outside: string;
  readonly inside: string;
}

export function seatFields(request: SeatRequest, streams: string): Pick<LaneRequest, "request" | "fields"> {
  const bare = request.bare ? "1" : "";
  if (request.kind === "shell") return { request: "shell", fields: [streams, bare] };
  return { request: "job", fields: [streams, bare, request.terminal ? "1" : ""] };
}

/** `gone` aborts with the box, and then everything is closed. */
export async function fifoSeat(folder: FifoFolder, files: Lane, gone: AbortSignal): Promise<Seat> {
  const name = `.${newNonce()}`;
  const at = (stream: string) => join(folder.outside, `${name}.${stream}`);
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
      ...bashWords,
      in: input,
      status: status.readable,
      output,
      start(request) {
        const { nonce, cwd } = request;
        const streams = join(folder.inside, name);
        files.ask({ ...seatFields(request, streams), nonce, cwd, maxBytes: 0 }).catch(() => {});
      },
      leave() {
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
