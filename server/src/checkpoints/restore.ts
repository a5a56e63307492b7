/**
 * The workspace is brought from one tree to another; what is in neither is left alone.
 *
 * git looks whether a file that it is to write over is still what the first tree says. Of files that no tree has it gives up those
 * that .gitignore names, and a folder with a repository in it where a file is to come; so we look for these first.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { textOf, writtenBetween } from "./diff.ts";
import { readFileModes } from "./file-modes.ts";
import { invalidateTree } from "./capture.ts";
import type { ShadowGit } from "./shadow-git.ts";

const inTheWay = readFileSync(join(import.meta.dirname, "find-conflicts.sh"), "utf8");

const mostNamed = 20;

/**
 * `from` is a snapshot that was just taken. Nothing is written where a file has changed since, or something that is in no snapshot lies
 * where a file has to come. Fails with `checkpoint_failed` and the names, `sandbox_unavailable`, `interrupted`.
 */
export async function restoreTree(git: ShadowGit, from: string, to: string, signal: AbortSignal): Promise<void> {
  const { written, coming } = await writtenBetween(git, from, to, signal);
  await refuseToBury(git, coming, signal);
  const modes = readFileModes(git.folder);
  const closed = written.flatMap((name) => {
    const mode = modes.get(name);
    return mode === undefined ? [] : [`${mode.toString(8)}\0./${name}\0`];
  });
  const script = `${invalidateTree} && git read-tree -m -u "$1" "$2" </dev/null && xargs -0 -r -n 2 chmod`;
  const options = { args: [from, to], stdin: Buffer.from(closed.join(""), "latin1"), mayWrite: true } as const;
  await git.run(script, options, signal);
}

async function refuseToBury(git: ShadowGit, coming: readonly string[], signal: AbortSignal): Promise<void> {
  if (coming.length === 0) return;
  const stdin = Buffer.from(coming.map((name) => `${name}\0`).join(""), "latin1");
  const { stdout } = await git.run(inTheWay, { stdin }, signal);
  const names = [...new Set(Buffer.from(stdout).toString("latin1").split("\0"))].filter((name) => name !== "");
  if (names.length === 0) return;
  const listed = names.slice(0, mostNamed).map((name) => JSON.stringify(textOf(name)));
  const sentence = `Nothing was restored, because these are in no snapshot and in the way: ${listed.join(", ")}. Move them away.`;
  throw new DeckhandError("checkpoint_failed", sentence);
}
