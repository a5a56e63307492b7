/** A snapshot: the index is brought to what the workspace is, and written as a tree. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError, type ExcludedFiles } from "@deckhand/protocol";
import { scanWorkspace, type Scan } from "./scan.ts";
import { recordFileModes } from "./file-modes.ts";
import type { ShadowGit } from "./shadow-git.ts";

export interface Captured {
  /** Names the tree: the same for the same content. */
  readonly tree: string;
  readonly excluded: ExcludedFiles;
  /** Of files that are new or changed. */
  readonly addedBytes: number;
}

/** From so many files on they are written into one pack: a file each would take twice as long and five times the room. */
const manyFiles = 500;
/** `work/tree` names the tree of the index; whatever changes the one takes away the other first. */
export const invalidateTree = 'rm -f "$GIT_DIR/work/tree"';
const noObject = "0".repeat(40);

/**
 * Fails with `checkpoint_failed`, `sandbox_unavailable`, `interrupted`. An index that a crash has torn is made anew; a file that changes
 * while it is read is in it as it was at some moment.
 */
export async function captureWorkspace(git: ShadowGit, signal: AbortSignal): Promise<Captured> {
  try {
    return await take(git, signal);
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== "checkpoint_failed" || signal.aborted) throw error;
    for (const name of ["index", "tree"]) rmSync(join(git.folder, "work", name), { force: true });
    return take(git, signal);
  }
}

async function take(git: ShadowGit, signal: AbortSignal): Promise<Captured> {
  const difference = await scanWorkspace(git, signal);
  const { dropped, excluded: leftOut, tree } = difference;
  if (tree !== undefined) return { tree, excluded: leftOut, addedBytes: 0 };
  if (dropped.length > 0) {
    const gone = dropped.map((name) => `0 ${noObject}\t${name}\0`).join("");
    await git.run(
      `${invalidateTree} && git update-index -z --index-info`,
      { stdin: Buffer.from(gone, "latin1") },
      signal,
    );
  }
  const { stdout } = await git.run(
    `${invalidateTree} && ${update(difference)} && git write-tree | tee "$GIT_DIR/work/tree"`,
    { stdin: Buffer.from(difference.changed.map((name) => `${name}\0`).join(""), "latin1"), maxBytes: 1000 },
    signal,
  );
  recordFileModes(git.folder, difference.modes);
  return { tree: Buffer.from(stdout).toString("latin1").trim(), excluded: leftOut, addedBytes: difference.addedBytes };
}

function update({ changed, packs }: Scan): string {
  if (changed.length === 0) return "true";
  const how = packs && changed.length >= manyFiles ? "-c core.bigFileThreshold=1" : "";
  return `git ${how} update-index -z --add --remove --replace --stdin >&2`;
}
