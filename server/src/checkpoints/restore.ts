/**
 * Changes the workspace from one tree to another; files in neither tree are left alone.
 *
 * git refuses to overwrite a tracked file that differs from the first tree. But it would overwrite untracked files that
 * .gitignore matches, and replace a folder that contains a repository with a file; so those are searched for first.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { textOf, writtenBetween } from "./diff.ts";
import { readFileModes } from "./file-modes.ts";
import { invalidateTree } from "./capture.ts";
import type { ShadowGit } from "./shadow-git.ts";

const findConflicts = readFileSync(join(import.meta.dirname, "find-conflicts.sh"), "utf8");

const maxListed = 20;

/**
 * `from` was just captured. Writes nothing if a file has changed since, or if something that is in no checkpoint is in
 * the way of a restored file. Fails with `checkpoint_failed` and the names, `sandbox_unavailable`, `interrupted`.
 */
export async function restoreTree(git: ShadowGit, from: string, to: string, signal: AbortSignal): Promise<void> {
  const { written, added } = await writtenBetween(git, from, to, signal);
  await refuseConflicts(git, added, signal);
  const modes = await readFileModes(git.folder);
  const closed = written.flatMap((name) => {
    const mode = modes.get(name);
    return mode === undefined ? [] : [`${mode.toString(8)}\0./${name}\0`];
  });
  const script = `${invalidateTree} && git read-tree -m -u "$1" "$2" </dev/null && xargs -0 -r -n 2 chmod`;
  const options = { args: [from, to], stdin: Buffer.from(closed.join(""), "latin1"), mayWrite: true } as const;
  await git.run(script, options, signal);
}

async function refuseConflicts(git: ShadowGit, added: readonly string[], signal: AbortSignal): Promise<void> {
  if (added.length === 0) return;
  const stdin = Buffer.from(added.map((name) => `${name}\0`).join(""), "latin1");
  const { stdout } = await git.run(findConflicts, { stdin }, signal);
  const names = [...new Set(Buffer.from(stdout).toString("latin1").split("\0"))].filter((name) => name !== "");
  if (names.length === 0) return;
  const listed = names.slice(0, maxListed).map((name) => JSON.stringify(textOf(name)));
  const sentence = `Nothing was restored: these files are in no checkpoint and would be overwritten: ${listed.join(", ")}. Move them elsewhere and try again.`;
  throw new DeckhandError("checkpoint_failed", sentence);
}
