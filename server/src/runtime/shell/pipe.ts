/**
 * A real pipe with one end in this process. What Node calls a "pipe" is a socket, and a command that opens /dev/stdout
 * or /dev/stderr, as many scripts do, fails on a socket (ENXIO). Node cannot create a pipe, so this is a FIFO that is
 * unlinked as soon as both ends are open.
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
/** The default capacity of a pipe: pipe(7). */
const pipeBytes = 65_536;
const spareDelayMs = 300;

export interface Pipe {
  readonly readable: Readable;
  /** For the child; close it once the child has it. */
  readonly writeFd: number;
  closeWriteEnd(): void;
  /** Replaces the listener. */
  onData(listener: (bytes: Buffer) => void): void;
  /** Passes everything that is in the pipe now to the listener. */
  drain(): Promise<void>;
  /** While paused, a writer blocks once the pipe is full. */
  pause(): void;
  resume(): void;
  onClose(listener: () => void): void;
  destroy(): void;
}

export interface PipeSource {
  take(): Promise<Pipe>;
  /** Creates one ahead of time. */
  prepare(): void;
}

/** Hands out pipes and keeps a spare: creating one takes nearly as long as starting a sandbox. */
export function pipeSource(): PipeSource {
  let spare: Promise<PipeEnds> | undefined;
  const prepare = () => {
    const created = (spare ??= createPipe());
    created.catch(() => (spare = undefined));
  };
  return {
    prepare,
    async take() {
      const ends = spare ?? createPipe();
      spare = undefined;
      // Later, so as not to compete with the sandbox that is starting now.
      setTimeout(prepare, spareDelayMs).unref();
      return openPipe(await ends);
    },
  };
}

/** World-writable, because commands may run as another user; only the server can enter the folder. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  await run("mkfifo", ["-m", "0666", ...paths]);
}

interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

async function createPipe(): Promise<PipeEnds> {
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

export function openPipe({ readFd, writeFd }: PipeEnds): Pipe {
  const socket = new Socket({ fd: readFd, readable: true, writable: false });
  let listener: (bytes: Buffer) => void = () => {};
  let isOpen = true;
  let isWriteEndOpen = true;
  socket.on("data", (bytes: Buffer) => listener(bytes));
  socket.on("error", () => {});
  socket.on("close", () => (isOpen = false));
  const closeWriteEnd = () => {
    if (isWriteEndOpen) closeSync(writeFd);
    isWriteEndOpen = false;
  };
  return {
    readable: socket,
    writeFd,
    closeWriteEnd,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    onClose: (onClose) => void socket.on("close", onClose),
    onData(next) {
      listener = next;
    },
    async drain() {
      // No more than the pipe holds: a background process may be writing all the time.
      for (let remaining = pipeBytes; isOpen && remaining > 0;) {
        const bytes = Buffer.allocUnsafe(remaining);
        let read = 0;
        try {
          read = readSync(readFd, bytes);
        } catch {
          return; // EAGAIN: it is empty.
        }
        if (read === 0) return;
        remaining -= read;
        listener(bytes.subarray(0, read));
      }
    },
    destroy() {
      closeWriteEnd();
      socket.destroy();
    },
  };
}
