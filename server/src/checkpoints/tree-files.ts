/** Files of a tree, listed by git-ls-tree(1) with `-r -l -z`. */
import { DeckhandError, type HistoryFile } from "@deckhand/protocol";
import { textOf } from "./diff.ts";
import type { ShadowGit } from "./shadow-git.ts";

export interface TreeFiles {
  readonly files: readonly HistoryFile[];
  readonly truncated: boolean;
}

/** More than this cannot be shown usefully; `truncated` reports the rest. */
const maxFiles = 20_000;

/** In path order. Fails with `checkpoint_failed`. */
export async function filesOf(git: ShadowGit, tree: string, signal: AbortSignal): Promise<TreeFiles> {
  const { stdout } = await git.run('git ls-tree -r -l -z "$1"', { args: [tree] }, signal);
  const entries = Buffer.from(stdout).toString("latin1").split("\0").slice(0, -1);
  return { files: entries.slice(0, maxFiles).map(parse), truncated: entries.length > maxFiles };
}

/**
 * The file's bytes, or the target of a symbolic link; undefined if there is no such file. Fails with
 * `checkpoint_failed`.
 */
export async function fileOf(
  git: ShadowGit,
  tree: string,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (path.includes("\0")) throw new DeckhandError("bad_args", "The path must not contain a NUL byte.");
  // In `tree:path` syntax a path like `../x` has a meaning; as a literal pathspec of ls-tree it is just a name.
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
