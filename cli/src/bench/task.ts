/** A task of the workbench, whatever the format that it was written in. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A file as the check needs it. */
export interface CheckFile {
  /** From the workspace on, with `/`. */
  readonly path: string;
  /** On this machine; null: it must not be there. */
  readonly from: string | null;
}

export interface TaskFiles extends AsyncDisposable {
  /** The folder whose copy is the workspace; undefined for an empty one. */
  readonly start: string | undefined;
  readonly checkFiles: readonly CheckFile[];
}

export interface Task {
  /** Unique in a run; a path or a name. */
  readonly id: string;
  /** What the agent is told. */
  readonly instruction: string;
  /** A bash command, run in the workspace after the work. Solved where it ends with 0. */
  readonly check: string;
  readonly limits: TaskLimits;
  /** Of all that it is made of: where it changes, what was done before is done again. */
  readonly version: string;
  /** Its files, for as long as they are needed. Fails with an `Error` that says what to do. */
  materialize(): Promise<TaskFiles>;
}

export interface TaskLimits {
  /** Of the work. */
  readonly seconds: number;
  readonly checkSeconds: number;
  readonly maxSteps?: number | undefined;
  readonly maxCostUsd?: number | undefined;
}

/** What does not say more has so long: an exercise is minutes, and a hanging check ends. */
export const defaultLimits = { seconds: 900, checkSeconds: 180 } as const satisfies TaskLimits;

/** Files that lie there for as long as the run takes. */
export function filesInPlace(start: string | undefined, checkFiles: readonly CheckFile[]): TaskFiles {
  return { start, checkFiles, [Symbol.asyncDispose]: async () => {} };
}

/** Of texts, and of the files below `folder`, by their names. */
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
