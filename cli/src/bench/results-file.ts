/**
 * Results as JSON lines, one more for each try that has ended, so that what was done is not done again after a Ctrl-C or a
 * crash. A last line that was torn by one is taken out.
 */
import { appendFile, readFile, truncate } from "node:fs/promises";
import type { Result } from "./result.ts";

/** What every line has; a later version may add to it. */
const example: Result = {
  task: "",
  version: "",
  model: "",
  repeat: 1,
  solved: false,
  state: null,
  why: "",
  steps: 0,
  input: 0,
  cached: 0,
  output: 0,
  cost_usd: 0,
  unpriced: 0,
  seconds: 0,
};

export interface ResultsFile {
  /** What it held when it was opened. */
  readonly before: readonly Result[];
  add(result: Result): Promise<void>;
}

/** Fails with an `Error` where it holds something else. */
export async function openResults(path: string | undefined): Promise<ResultsFile> {
  if (path === undefined) return { before: [], add: async () => {} };
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  const before = lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    const found = jsonOf(line);
    if (!isResult(found)) throw new Error(`Line ${at + 1} of ${path} is no result. Name another file with --results.`);
    return [found];
  });
  if (torn !== "") await truncate(path, Buffer.byteLength(text) - Buffer.byteLength(torn));
  return { before, add: (each) => appendFile(path, `${JSON.stringify(each)}\n`) };
}

function isResult(value: unknown): value is Result {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return Object.entries(example).every(([name, like]) => like === null || typeof fields[name] === typeof like);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
