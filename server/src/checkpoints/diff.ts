/** The difference between two trees, from git-diff-tree(1): "Raw output format" and `--numstat`, both with `-z`. */
import type { FileChange, FileDiff, TreeDiff } from "@deckhand/protocol";
import type { ShadowGit } from "./shadow-git.ts";

const maxFiles = 2000;
const maxPatchBytes = 4 * 1024 * 1024;
const maxFilePatchBytes = 256 * 1024;
const statuses: Readonly<Record<string, FileChange["status"]>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  R: "renamed",
  T: "type_changed",
};

/** Detects renames among up to a thousand files. Fails with `checkpoint_failed`, as the other functions do. */
export async function changesBetween(
  git: ShadowGit,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<FileChange[]> {
  if (from === to) return [];
  const script = 'git diff-tree -r -z -M --raw --numstat --no-ext-diff --no-textconv "$1" "$2"';
  const { stdout } = await git.run(script, { args: [from, to] }, signal);
  return parseChanges(Buffer.from(stdout).toString("latin1").split("\0"));
}

export async function patchesBetween(git: ShadowGit, from: string, to: string, signal: AbortSignal): Promise<TreeDiff> {
  const changes = await changesBetween(git, from, to, signal);
  const script =
    'git diff-tree -r -M -p --full-index --no-ext-diff --no-textconv --no-color --src-prefix=a/ --dst-prefix=b/ "$1" "$2"';
  const options = { args: [from, to], maxBytes: maxPatchBytes, mayTruncate: true } as const;
  const text =
    changes.length === 0 ? "" : Buffer.from((await git.run(script, options, signal)).stdout).toString("latin1");
  const texts = patchTexts(text);
  let at = 0;
  const isComplete = text.length < maxPatchBytes;
  const files = changes.map((change): FileDiff => {
    // git prints a change of type as a deletion and an addition.
    const [start, end] = [at, (at += change.status === "type_changed" ? 2 : 1)];
    const found = texts.slice(start, end);
    const cut = found.length < end - start || (end >= texts.length && !isComplete);
    const patch = change.binary || found.length === 0 ? null : patchOf(found.join(""));
    return { ...change, patch: patch?.text ?? null, truncated: !change.binary && (cut || patch?.truncated === true) };
  });
  const shown = files.slice(0, maxFiles);
  return {
    files: shown,
    changed_files: files.length,
    added_lines: files.reduce((sum, file) => sum + file.added_lines, 0),
    deleted_lines: files.reduce((sum, file) => sum + file.deleted_lines, 0),
    truncated: shown.length < files.length || shown.some((file) => file.truncated),
  };
}

/** Names of the files that a restore writes, in latin1, and those among them that only `to` has. */
export async function writtenBetween(
  git: ShadowGit,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<{ readonly written: readonly string[]; readonly added: readonly string[] }> {
  const script = 'git diff-tree -r -z --no-renames --name-status --diff-filter=AMT "$1" "$2"';
  const { stdout } = await git.run(script, { args: [from, to] }, signal);
  const fields = Buffer.from(stdout).toString("latin1").split("\0");
  const written = fields.filter((_, index) => index % 2 === 1);
  return { written, added: written.filter((_, index) => fields[index * 2] === "A") };
}

/** Paths that differ in any of the pairs, without rename detection. */
export async function pathsBetween(
  git: ShadowGit,
  pairs: readonly (readonly [from: string, to: string])[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const stdin = pairs.map(([from, to]) => `${from} ${to}\n`).join("");
  if (stdin === "") return new Set();
  const { stdout } = await git.run("git diff-tree --stdin -r -z --name-only --no-commit-id", { stdin }, signal);
  const names = Buffer.from(stdout).toString("latin1").split("\0");
  // git prints each pair on a separate line before its first name.
  const paths = names.map((name) => name.replace(/^(?:[0-9a-f]{40} [0-9a-f]{40}\n)+/, ""));
  return new Set(paths.filter((name) => name !== "").map(textOf));
}

/** Decodes a name whose bytes are held as latin1. */
export function textOf(name: string): string {
  return Buffer.from(name, "latin1").toString("utf8");
}

function parseChanges(fields: readonly string[]): FileChange[] {
  const changes: FileChange[] = [];
  let at = 0;
  for (; fields[at]?.startsWith(":") === true; at += 1) {
    const [oldMode = "", mode = "", , , letter = ""] = (fields[at] ?? "").slice(1).split(" ");
    const status = statuses[letter[0] ?? ""] ?? "modified";
    const old = status === "renamed" ? fields[(at += 1)] : undefined;
    const path = fields[(at += 1)] ?? "";
    const modes = status === "added" || status === "deleted" || oldMode === mode ? {} : { old_mode: oldMode, mode };
    const paths = { path: textOf(path), ...(old === undefined ? {} : { old_path: textOf(old) }) };
    changes.push({ status, ...paths, ...modes, binary: false, added_lines: 0, deleted_lines: 0 });
  }
  return changes.map((change) => {
    const [added = "", deleted = ""] = (fields[at] ?? "").split("\t");
    at += change.status === "renamed" ? 3 : 1;
    const lines = { added_lines: Number(added) || 0, deleted_lines: Number(deleted) || 0 };
    return { ...change, binary: added === "-", ...lines };
  });
}

/** Splitting is safe: lines of content begin with a space, `+`, `-` or `\`, so none begins like a header. */
function patchTexts(text: string): string[] {
  const start = "diff --git ";
  if (text === "") return [];
  return text
    .slice(start.length)
    .split(`\n${start}`)
    .map((each, index, all) => `${start}${each}${index < all.length - 1 ? "\n" : ""}`);
}

function patchOf(bytes: string): { readonly text: string; readonly truncated: boolean } {
  const truncated = bytes.length > maxFilePatchBytes;
  const shown = truncated ? bytes.slice(0, bytes.lastIndexOf("\n", maxFilePatchBytes) + 1) : bytes;
  return { text: textOf(shown), truncated };
}
