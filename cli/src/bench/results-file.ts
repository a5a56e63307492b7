/**
 * Results as JSON lines, appended after each attempt, so that nothing is repeated after a Ctrl-C or a crash. An
 * incomplete last line is removed.
 */
import { appendFile, readFile, truncate } from "node:fs/promises";
import type { Result } from "./result.ts";

/** The fields of every line; later versions may add some. */
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
  /** The results in the file when it was opened. */
  readonly previous: readonly Result[];
  add(result: Result): Promise<void>;
}

/** Fails with an `Error` if the file contains anything else. */
export async function openResults(path: string | undefined): Promise<ResultsFile> {
  if (path === undefined) return { previous: [], add: async () => {} };
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.split("\n");
  const incomplete = lines.pop() ?? "";
  const previous = lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    const found = jsonOf(line);
    if (!isResult(found))
      throw new Error(`Line ${at + 1} of ${path} is not a result. Pass another file with --results.`);
    return [found];
  });
  if (incomplete !== "") await truncate(path, Buffer.byteLength(text) - Buffer.byteLength(incomplete));
  return { previous, add: (each) => appendFile(path, `${JSON.stringify(each)}\n`) };
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
