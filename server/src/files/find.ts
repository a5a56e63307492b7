/** Search for people: files by part of their path, lines by part of their text. Ignored files are skipped. */
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime, SpawnResult } from "../runtime/runtime.ts";

export interface Match {
  readonly path: string;
  /** The line that contains the text, counted from 1. */
  readonly line?: number;
  readonly text?: string;
}

export interface FindResult {
  readonly found: readonly Match[];
  /** There are more matches. */
  readonly truncated: boolean;
}

export interface FindOptions {
  readonly text: string;
  readonly within: "names" | "content";
  readonly limit: number;
}

/** Enough for all paths of a large repository. */
const maxBytes = 8 * 1024 * 1024;
const programNotFound = 127;
const maxLineChars = 300;

/** Case-sensitive if the text has an upper-case letter. Fails with `sandbox_unavailable`, `interrupted`. */
export async function findFiles(runtime: Runtime, options: FindOptions, signal: AbortSignal): Promise<FindResult> {
  return options.within === "names" ? findNames(runtime, options, signal) : findLines(runtime, options, signal);
}

async function findNames(runtime: Runtime, { text, limit }: FindOptions, signal: AbortSignal): Promise<FindResult> {
  const root = runtime.workspace;
  let listed = await runtime.spawn(
    ["rg", "--files", "--hidden", "--glob=!.git", "--null", "--", root],
    maxBytes,
    signal,
  );
  if (listed.exitCode === programNotFound) {
    const prune = ["(", "-name", ".git", "-o", "-name", "node_modules", ")", "-prune", "-o"];
    listed = await runtime.spawn(["find", root, ...prune, "-type", "f", "-print0"], maxBytes, signal);
  }
  const paths = completeParts(listed, "\0").map((path) => path.slice(root.length + 1));
  const matches = pathMatcher(text);
  const matching = paths.filter(matches);
  // File names before folder names, short paths before long ones.
  const rank = (path: string): number => (matches(path.slice(path.lastIndexOf("/") + 1)) ? 0 : 1);
  const sorted = matching.toSorted((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1));
  return { found: sorted.slice(0, limit).map((path) => ({ path })), truncated: listed.cut || sorted.length > limit };
}

async function findLines(runtime: Runtime, { text, limit }: FindOptions, signal: AbortSignal): Promise<FindResult> {
  const root = runtime.workspace;
  const options = ["--fixed-strings", "--smart-case", "--max-count=20", "--max-columns=2000", "--sort=path"];
  const shape = ["--line-number", "--no-heading", "--color=never", "--null", "--hidden", "--glob=!.git"];
  let found = await runtime.spawn(["rg", ...options, ...shape, "-e", text, "--", root], maxBytes / 8, signal);
  if (found.exitCode === programNotFound) {
    const skipped = ["--exclude-dir=.git", "--exclude-dir=node_modules"];
    found = await runtime.spawn(["grep", "-rnIFZ", ...skipped, "-e", text, "--", root], maxBytes / 8, signal);
  }
  if (found.exitCode > 1 && found.stdout.length === 0) {
    throw new DeckhandError("file_failed", `The search failed: ${found.stderr.trim().slice(0, 300)}`);
  }
  const lines = completeParts(found, "\n").flatMap((line): Match[] => {
    const [, path = "", number = "", rest = ""] = /^([^\0]+)\0(\d+):(.*)$/s.exec(line) ?? [];
    return path === ""
      ? []
      : [{ path: path.slice(root.length + 1), line: Number(number), text: rest.slice(0, maxLineChars) }];
  });
  return { found: lines.slice(0, limit), truncated: found.cut || lines.length > limit };
}

function pathMatcher(text: string): (path: string) => boolean {
  const isCaseSensitive = text !== text.toLowerCase();
  const words = (isCaseSensitive ? text : text.toLowerCase()).split(/\s+/).filter((word) => word !== "");
  return (path) => {
    const compared = isCaseSensitive ? path : path.toLowerCase();
    return words.every((word) => compared.includes(word));
  };
}

function completeParts({ stdout, cut }: SpawnResult, end: string): string[] {
  const parts = new TextDecoder().decode(stdout).split(end);
  // The last part is empty, or incomplete if the output was truncated.
  if (cut || parts.at(-1) === "") parts.pop();
  return parts;
}
