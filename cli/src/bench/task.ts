/** A benchmark task, independent of the format that it was written in. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A file that the check needs. */
export interface CheckFile {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  /** Source on this machine; null if the file must not exist. */
  readonly from: string | null;
}

export interface TaskFiles extends AsyncDisposable {
  /** The folder to copy into the workspace; undefined for an empty workspace. */
  readonly start: string | undefined;
  readonly checkFiles: readonly CheckFile[];
}

export interface Task {
  /** A path or a name; unique within a run. */
  readonly id: string;
  /** The task for the agent. */
  readonly instruction: string;
  /** A bash command that runs in the workspace after the work; exit code 0 means solved. */
  readonly check: string;
  readonly limits: TaskLimits;
  /** A hash of everything the task consists of; results for another version do not count. */
  readonly version: string;
  /** Provides the task's files until disposed. Fails with an `Error` that says what to do. */
  materialize(): Promise<TaskFiles>;
}

export interface TaskLimits {
  /** For the agent's work. */
  readonly seconds: number;
  readonly checkSeconds: number;
  readonly maxSteps?: number | undefined;
  readonly maxCostUsd?: number | undefined;
}

/** For tasks without limits: an exercise takes minutes, and a hanging check must end. */
export const defaultLimits = { seconds: 900, checkSeconds: 180 } as const satisfies TaskLimits;

/** Files that are used where they are. */
export function filesInPlace(start: string | undefined, checkFiles: readonly CheckFile[]): TaskFiles {
  return { start, checkFiles, [Symbol.asyncDispose]: async () => {} };
}

/** Hashes the texts, and the names and contents of the files below `folder`. */
export async function versionOf(texts: readonly string[], folder: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  for (const file of files.toSorted()) {
    hash
      .update(file)
      .update("\0")
      .update(await readFile(join(folder, file)))
      .update("\0");
  }
  return hash.digest("base64url").slice(0, 16);
}
