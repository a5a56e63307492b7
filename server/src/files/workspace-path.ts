import { posix } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Resolves a requested path (relative to the workspace, or absolute inside it) to a real path; it need not exist. A
 * command can replace it with a link before it is used: what that link can reach is limited by the sandbox. Fails with
 * `outside_workspace`, `file_not_found`, `sandbox_unavailable`, `interrupted`.
 */
export async function workspacePath(runtime: Runtime, given: string, signal: AbortSignal): Promise<string> {
  if (given.includes("\0") || given.length > 4096) throw new DeckhandError("file_not_found", "The path is invalid.");
  const root = runtime.workspace;
  const path = posix.resolve(root, given);
  if (!isIn(path, root)) throw outside();
  const { stdout, exitCode } = await runtime.spawn(["realpath", "-mz", "--", path], 16 * 1024, signal);
  const real = Buffer.from(stdout).toString("utf8").slice(0, -1);
  if (exitCode !== 0) throw new DeckhandError("file_not_found", "Not found.");
  if (!isIn(real, root)) throw outside();
  return real;
}

function isIn(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function outside(): DeckhandError {
  return new DeckhandError("outside_workspace", "The path is outside the workspace.");
}
