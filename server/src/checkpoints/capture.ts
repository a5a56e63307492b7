/** Captures a workspace: updates the index to match it and writes the index as a tree. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError, type ExcludedFiles } from "@deckhand/protocol";
import { scanWorkspace, type Scan } from "./scan.ts";
import { recordFileModes } from "./file-modes.ts";
import type { ShadowGit } from "./shadow-git.ts";

export interface Captured {
  /** The tree's object name; equal content has an equal name. */
  readonly tree: string;
  readonly excluded: ExcludedFiles;
  /** Total size of new and changed files. */
  readonly addedBytes: number;
}

/**
 * From this many files on, objects go into one pack: one file each takes twice as long and five times the disk space.
 */
const packFrom = 500;
/** `work/tree` caches the tree name of the index. Shell command that must precede every change of the index. */
export const invalidateTree = 'rm -f "$GIT_DIR/work/tree"';
const nullObject = "0".repeat(40);

/**
 * Rebuilds an index that a crash has corrupted. A file that changes while it is read is captured in a state it had at
 * some moment. Fails with `checkpoint_failed`, `sandbox_unavailable`, `interrupted`.
 */
export async function captureWorkspace(git: ShadowGit, signal: AbortSignal): Promise<Captured> {
  try {
    return await capture(git, signal);
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== "checkpoint_failed" || signal.aborted) throw error;
    for (const name of ["index", "tree"]) await rm(join(git.folder, "work", name), { force: true });
    return capture(git, signal);
  }
}

async function capture(git: ShadowGit, signal: AbortSignal): Promise<Captured> {
  const scan = await scanWorkspace(git, signal);
  const { dropped, excluded: leftOut, tree } = scan;
  if (tree !== undefined) return { tree, excluded: leftOut, addedBytes: 0 };
  if (dropped.length > 0) {
    const removals = dropped.map((name) => `0 ${nullObject}\t${name}\0`).join("");
    await git.run(
      `${invalidateTree} && git update-index -z --index-info`,
      { stdin: Buffer.from(removals, "latin1") },
      signal,
    );
  }
  const { stdout } = await git.run(
    `${invalidateTree} && ${update(scan)} && git write-tree | tee "$GIT_DIR/work/tree"`,
    { stdin: Buffer.from(scan.changed.map((name) => `${name}\0`).join(""), "latin1"), maxBytes: 1000 },
    signal,
  );
  await recordFileModes(git.folder, scan.modes);
  return { tree: Buffer.from(stdout).toString("latin1").trim(), excluded: leftOut, addedBytes: scan.addedBytes };
}

function update({ changed, canPack }: Scan): string {
  if (changed.length === 0) return "true";
  const config = canPack && changed.length >= packFrom ? "-c core.bigFileThreshold=1" : "";
  return `git ${config} update-index -z --add --remove --replace --stdin >&2`;
}
