import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Removes a folder that commands have written to: they may have revoked permissions on folders, or nested them deeper
 * than a path can be long. Symbolic links are not followed.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    // Both programs walk by file descriptor, so no path is too long for them.
    await run("chmod", ["-R", "u+rwX", "--", path]).catch(() => {});
    await run("rm", ["-rf", "--one-file-system", "--", path]);
  }
}
