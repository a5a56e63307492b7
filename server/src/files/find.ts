/** Files of a workspace by a part of their path, and lines by a part of their text, as a person looks for them; what is ignored is left out. */
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime, SpawnResult } from "../runtime/runtime.ts";

export interface Match {
  readonly path: string;
  /** Of a line that has the text; counted from 1. */
  readonly line?: number;
  readonly text?: string;
}

export interface FindResult {
  readonly found: readonly Match[];
  /** There is more. */
  readonly truncated: boolean;
}

export interface FindOptions {
  readonly text: string;
  readonly within: "names" | "content";
  readonly limit: number;
}

/** All paths of a large repository, or many lines. */
const maxBytes = 8 * 1024 * 1024;
const notFound = 127;
const mostLineChars = 300;

/** Upper case counts where there is some. Fails with `sandbox_unavailable`, `interrupted`. */
export async function findFiles(runtime: Runtime, options: FindOptions, signal: AbortSignal): Promise<FindResult> {
  return options.within === "names" ? names(runtime, options, signal) : content(runtime, options, signal);
}

async function names(runtime: Runtime, { text, limit }: FindOptions, signal: AbortSignal): Promise<FindResult> {
  const root = runtime.workspace;
  let listed = await runtime.spawn(
    ["rg", "--files", "--hidden", "--glob=!.git", "--null", "--", root],
    maxBytes,
    signal,
  );
  if (listed.exitCode === notFound) {
    const prune = ["(", "-name", ".git", "-o", "-name", "node_modules", ")", "-prune", "-o"];
    listed = await runtime.spawn(["find", root, ...prune, "-type", "f", "-print0"], maxBytes, signal);
  }
  const paths = wholeParts(listed, "\0").map((path) => path.slice(root.length + 1));
  const fits = fitter(text);
  const fitting = paths.filter(fits);
  // A name that has it goes before a folder that has it, a short path before a long one.
  const rank = (path: string): number => (fits(path.slice(path.lastIndexOf("/") + 1)) ? 0 : 1);
  const sorted = fitting.toSorted((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1));
  return { found: sorted.slice(0, limit).map((path) => ({ path })), truncated: listed.cut || sorted.length > limit };
}

async function content(runtime: Runtime, { text, limit }: FindOptions, signal: AbortSignal): Promise<FindResult> {
  const root = runtime.workspace;
  const options = ["--fixed-strings", "--smart-case", "--max-count=20", "--max-columns=2000", "--sort=path"];
  const shape = ["--line-number", "--no-heading", "--color=never", "--null", "--hidden", "--glob=!.git"];
  let found = await runtime.spawn(["rg", ...options, ...shape, "-e", text, "--", root], maxBytes / 8, signal);
  if (found.exitCode === notFound) {
    const skipped = ["--exclude-dir=.git", "--exclude-dir=node_modules"];
    found = await runtime.spawn(["grep", "-rnIFZ", ...skipped, "-e", text, "--", root], maxBytes / 8, signal);
  }
  if (found.exitCode > 1 && found.stdout.length === 0) {
    throw new DeckhandError("file_failed", `The search failed: ${found.stderr.trim().slice(0, 300)}`);
  }
  const lines = wholeParts(found, "\n").flatMap((line): Match[] => {
    const [, path = "", number = "", rest = ""] = /^([^\0]+)\0(\d+):(.*)$/s.exec(line) ?? [];
    return path === ""
      ? []
      : [{ path: path.slice(root.length + 1), line: Number(number), text: rest.slice(0, mostLineChars) }];
  });
  return { found: lines.slice(0, limit), truncated: found.cut || lines.length > limit };
}

function fitter(text: string): (path: string) => boolean {
  const counts = text !== text.toLowerCase();
  const words = (counts ? text : text.toLowerCase()).split(/\s+/).filter((word) => word !== "");
  return (path) => {
    const compared = counts ? path : path.toLowerCase();
    return words.every((word) => compared.includes(word));
  };
}

function wholeParts({ stdout, cut }: SpawnResult, end: string): string[] {
  const parts = new TextDecoder().decode(stdout).split(end);
  // The last one is empty behind the end, and broken off when there was more.
  if (cut || parts.at(-1) === "") parts.pop();
  return parts;
}
