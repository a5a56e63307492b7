/** The files of a tree, as git tells them: git-ls-tree(1) with `-r -l -z`. */
import { DeckhandError, type HistoryFile } from "@deckhand/protocol";
import { textOf } from "./diff.ts";
import type { ShadowGit } from "./shadow-git.ts";

export interface TreeFiles {
  readonly files: readonly HistoryFile[];
  readonly truncated: boolean;
}

/** A page lists no more; what is left out is said to be. */
const mostFiles = 20_000;

/** By path. Fails with `checkpoint_failed`, as the other does. */
export async function filesOf(git: ShadowGit, tree: string, signal: AbortSignal): Promise<TreeFiles> {
  const { stdout } = await git.run('git ls-tree -r -l -z "$1"', { args: [tree] }, signal);
  const entries = Buffer.from(stdout).toString("latin1").split("\0").slice(0, -1);
  return { files: entries.slice(0, mostFiles).map(parse), truncated: entries.length > mostFiles };
}

/** Its bytes; for a link where it leads. Undefined where there is none of that name, or it is no file. */
export async function fileOf(
  git: ShadowGit,
  tree: string,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (path.includes("\0")) throw new DeckhandError("bad_args", "A path has no NUL in it.");
  // Written as `tree:path` a path like `../x` would mean something; as a literal one for ls-tree it is a name, or none.
  const script =
    'name=$(git ls-tree -z "$1" -- "$2" | tr "\\0" "\\n" | head -n 1 | sed -n "s/^1[0-9]* blob \\([0-9a-f]*\\)\\t.*/\\1/p")\n' +
    '[ -n "$name" ] || exit 0\nprintf x\ngit cat-file blob "$name"';
  const { stdout } = await git.run(script, { args: [tree, path] }, signal);
  return stdout.length === 0 ? undefined : stdout.subarray(1);
}

/** `100644 blob NAME    SIZE\tPATH` */
function parse(entry: string): HistoryFile {
  const tab = entry.indexOf("\t");
  const [mode = "", , , size = ""] = entry.slice(0, tab).split(/ +/);
  return { path: textOf(entry.slice(tab + 1)), mode, size_bytes: Number(size) || 0 };
}
