import { posix } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * A path of a request (relative to the workspace, or absolute in it) as the absolute one to which its links lead; it need not be there.
 * Between this look and what is done then, a command can put a link in its place: what that reaches is what the wall lets it.
 * Fails with `outside_workspace`, `file_not_found`, `sandbox_unavailable`, `interrupted`.
 */
export async function workspacePath(runtime: Runtime, given: string, signal: AbortSignal): Promise<string> {
  if (given.includes("\0") || given.length > 4096) throw new DeckhandError("file_not_found", "That is not a path.");
  const root = runtime.workspace;
  const path = posix.resolve(root, given);
  if (!isIn(path, root)) throw outside();
  const { stdout, exitCode } = await runtime.spawn(["realpath", "-mz", "--", path], 16 * 1024, signal);
  const real = Buffer.from(stdout).toString("utf8").slice(0, -1);
  if (exitCode !== 0) throw new DeckhandError("file_not_found", "There is nothing at this path.");
  if (!isIn(real, root)) throw outside();
  return real;
}

function isIn(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function outside(): DeckhandError {
  return new DeckhandError("outside_workspace", "The path is, or leads, outside the workspace.");
}
