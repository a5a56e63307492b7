/**
 * The only way in which the server itself opens a file below a folder that commands can write to; everything else goes
 * through the runtime. A command may have left anything there, under any name:
 *
 *   a FIFO                  open(2) would wait for a writer, and four of them would occupy libuv's whole thread pool
 *   a symbolic link         would lead to a file that the server may read and the command may not
 *   a huge or sparse file   would fill the server's memory
 *   a slow file system      would delay the caller, which gives up after a deadline
 *
 * Each folder on the way is opened by its parent's descriptor without following links, so a folder that is replaced
 * by a link in the meantime changes nothing.
 */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { withTimeout } from "../../async/abortable.ts";

export type WorkspaceFile =
  /** `isComplete` is false if the file is longer than the limit; `bytes` is then its beginning. */
  | { readonly type: "content"; readonly bytes: Buffer; readonly isComplete: boolean }
  | { readonly type: "missing" }
  /** It is no regular file, is reached through a link, or could not be read in time. */
  | { readonly type: "refused" };

const deadlineMs = 2000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Reads a regular file below `root`. Never waits for another process, and never fails. */
export async function readWorkspaceFile(root: string, path: string, maxBytes: number): Promise<WorkspaceFile> {
  const reading = inParentFolder(root, path, async (pinned): Promise<WorkspaceFile> => {
    await using file = await open(pinned, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stats = await file.stat();
    return stats.isFile() ? await readStart(file, Math.min(stats.size, maxBytes)) : { type: "refused" };
  });
  return withTimeout(reading.catch(failure), deadlineMs, (): WorkspaceFile => ({ type: "refused" }));
}

/**
 * Calls `use` with a path of the same entry that no later change of a parent folder can redirect. Only the entry itself
 * may still be a link. Fails with the system's error if a parent is missing or is a link.
 */
export async function inParentFolder<T>(root: string, path: string, use: (pinned: string) => Promise<T>): Promise<T> {
  const folders = relative(root, dirname(path))
    .split("/")
    .filter((name) => name !== "");
  if (folders.includes("..")) throw new Error(`${path} is not below ${root}`);
  let folder = await open(root, O_RDONLY | O_DIRECTORY);
  try {
    for (const name of folders) {
      const next = await open(join(byDescriptor(folder), name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
      await folder.close();
      folder = next;
    }
    return await use(join(byDescriptor(folder), basename(path)));
  } finally {
    await folder.close();
  }
}

function byDescriptor(folder: FileHandle): string {
  return `/proc/self/fd/${folder.fd}`;
}

/** Reads one byte more than `sizeBytes`, to see whether there is more. */
async function readStart(file: FileHandle, sizeBytes: number): Promise<WorkspaceFile> {
  const buffer = Buffer.allocUnsafe(sizeBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return { type: "content", bytes: buffer.subarray(0, Math.min(length, sizeBytes)), isComplete: length <= sizeBytes };
}

function failure(error: unknown): WorkspaceFile {
  return { type: (error as NodeJS.ErrnoException).code === "ENOENT" ? "missing" : "refused" };
}
