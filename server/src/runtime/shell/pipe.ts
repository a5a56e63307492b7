/**
 * A true pipe with one end here. What Node calls "pipe" is a socket, and a command that opens /dev/stdout or /dev/stderr, as many
 * scripts do, fails on a socket (ENXIO). Node cannot make a pipe, so it is a FIFO that is unlinked as soon as both ends are open.
 */
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

const run = promisify(execFile);
/** What a pipe holds unless somebody changes it: pipe(7). */
const pipeBytes = 65_536;
const spareAfterMs = 300;

export interface Pipe {
  readonly readable: Readable;
  /** For the child; close it once the child has it. */
  readonly writeFd: number;
  closeWriteEnd(): void;
  onData(listener: (bytes: Buffer) => void): void;
  /** Hands all that is in the pipe now to the listener. */
  drain(): void;
  /** Stops and goes on reading, so that who writes waits. */
  pause(): void;
  resume(): void;
  onClose(listener: () => void): void;
  destroy(): void;
}

export interface PipeSource {
  take(): Promise<Pipe>;
  /** Makes one beforehand. */
  prepare(): void;
}

/** Hands out pipes, with one kept ready: to make it takes nearly as long as to start a sandbox. */
export function pipeSource(): PipeSource {
  let spare: Promise<Ends> | undefined;
  const prepare = () => {
    const made = (spare ??= makeFifo());
    made.catch(() => (spare = undefined));
  };
  return {
    prepare,
    async take() {
      const ends = spare ?? makeFifo();
      spare = undefined;
      // Not now, when a sandbox starts.
      setTimeout(prepare, spareAfterMs).unref();
      return openPipe(await ends);
    },
  };
}

/** For everybody, because commands may run as another user; nobody else gets into the folder. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  await run("mkfifo", ["-m", "0666", ...paths]);
}

interface Ends {
  readonly readFd: number;
  readonly writeFd: number;
}

async function makeFifo(): Promise<Ends> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-pipe-"));
  try {
    const path = join(folder, "pipe");
    await makeFifos([path]);
    const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readFd, writeFd: openSync(path, constants.O_WRONLY) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function openPipe({ readFd, writeFd }: Ends): Pipe {
  const socket = new Socket({ fd: readFd, readable: true, writable: false });
  let listener: (bytes: Buffer) => void = () => {};
  let open = true;
  let writeOpen = true;
  socket.on("data", (bytes: Buffer) => listener(bytes));
  socket.on("error", () => {});
  socket.on("close", () => (open = false));
  const closeWriteEnd = () => {
    if (writeOpen) closeSync(writeFd);
    writeOpen = false;
  };
  return {
    readable: socket,
    writeFd,
    closeWriteEnd,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    onClose: (closed) => void socket.on("close", closed),
    onData(next) {
      listener = next;
    },
    drain() {
      // No more than the pipe holds: something in the background may be writing all the time.
      for (let left = pipeBytes; open && left > 0;) {
        const bytes = Buffer.allocUnsafe(left);
        let read = 0;
        try {
          read = readSync(readFd, bytes);
        } catch {
          return; // EAGAIN: it is empty.
        }
        if (read === 0) return;
        left -= read;
        listener(bytes.subarray(0, read));
      }
    },
    destroy() {
      closeWriteEnd();
      socket.destroy();
    },
  };
}
