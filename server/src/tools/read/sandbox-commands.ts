/** Reads with commands in the sandbox: folders, and files that are too large to be held in memory. */
import { resolve } from "node:path";
import { DeckhandError, type ActionArgs } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";

const maxEntries = 500;
const maxListBytes = 64 * 1024;

/** The names in a folder, sorted; folders end with a slash. */
export async function listFolder(
  path: string,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly content: string }> {
  // One name per line: `ls -q` prints a newline within a name as `?`.
  const script = `cd -- "$1" && ls -1Apq | head -n ${maxEntries + 1}`;
  const { stdout, stderr, exitCode } = await runtime.spawn(["sh", "-c", script, "list", path], maxListBytes, signal);
  const names = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
  if (exitCode !== 0 && names.length === 0) throw new DeckhandError("file_failed", stderr.trim());
  const shown = names.slice(0, maxEntries);
  const more = names.length > maxEntries ? [`[More than ${maxEntries} entries; use search, or run ls and grep]`] : [];
  const content = shown.length === 0 ? "[The folder is empty]" : [...shown, ...more].join("\n");
  return { path: resolve(runtime.cwd, path), content };
}

/** The requested lines, cut after about `maxChars` characters. */
export async function readLargeFile(
  { path, start, end }: Pick<ActionArgs<"read">, "path" | "start" | "end">,
  maxChars: number,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<{ readonly data: Uint8Array; readonly path: string; readonly cut: boolean }> {
  const lines = end === -1 ? "cat" : `head -n ${Math.max(0, end - start)}`;
  const script = `tail -n +${start + 1} -- "$1" | ${lines} | head -c ${maxChars + 1}`;
  const { stdout, stderr, exitCode } = await runtime.spawn(["sh", "-c", script, "part", path], 4 * maxChars, signal);
  if (exitCode !== 0 && stdout.length === 0) throw new DeckhandError("file_failed", stderr.trim());
  return { data: stdout, path: resolve(runtime.cwd, path), cut: stdout.length > maxChars };
}
