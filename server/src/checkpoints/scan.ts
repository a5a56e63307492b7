/**
 * Finds what in a workspace differs from the index and which of it can be captured. git makes the lists, so .gitignore
 * works as people expect; whether a file is captured is decided here, by its type and size.
 *
 * For git, a repository inside the workspace is one entry `name/`, which it would store as a commit id. But once the
 * index has a file below it, git descends; so each such repository gets an index entry for a nonexistent file, removed
 * later with other deleted files.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError, type ExcludedFiles } from "@deckhand/protocol";
import type { FileModes } from "./file-modes.ts";
import type { ShadowGit } from "./shadow-git.ts";

export interface Scan {
  /** New, changed or deleted files. All names hold their bytes as latin1, because they may be invalid UTF-8. */
  readonly changed: readonly string[];
  /** Files in the index that exist but can no longer be captured. */
  readonly dropped: readonly string[];
  /** Modes of new and changed files. */
  readonly modes: FileModes;
  readonly addedBytes: number;
  /** A socket, pipe or device counts as unreadable if it replaced a file; git does not list others. */
  readonly excluded: ExcludedFiles;
  /** The tree's name if nothing differs. */
  readonly tree: string | undefined;
  /** This git version can write many objects into one pack. */
  readonly canPack: boolean;
}

/** Larger files are data sets, models or disk images. */
export const maxFileBytes = 20 * 1024 * 1024;
/** Limit for what one checkpoint adds. */
const maxAddedBytes = 1024 * 1024 * 1024;
/** Small ignored files are captured, because nobody can regenerate `.env`; ignored folders are not. */
const maxIgnoredBytes = 1024 * 1024;
const maxIgnored = 2000;

const script = readFileSync(join(import.meta.dirname, "scan.sh"), "utf8");

/** Fails with `checkpoint_failed`, `sandbox_unavailable`, `interrupted`. */
export async function scanWorkspace(git: ShadowGit, signal: AbortSignal): Promise<Scan> {
  const { stdout, stderr } = await git.run(script, { args: [String(maxIgnored)] }, signal);
  const [version, ignoredCount, differ = [], stats = [], unreadable = [], ignored = [], ignoredUnreadable = [], same] =
    sections(Buffer.from(stdout).toString("latin1"));
  const closedFolders = [...stderr.matchAll(/^warning: could not open directory /gm)].length;
  const cannotRead = new Set([...unreadable, ...ignoredUnreadable]);
  const existing = new Map(stats.map(fileOf));
  const links = new Set([...existing].flatMap(([name, { kind }]) => (kind === "link" ? [name] : [])));
  const captured = new Map<string, FileInfo | undefined>();
  const dropped: string[] = [];
  const counts = { ignored: Number(ignoredCount?.[0] ?? 0), large: 0, unreadable: cannotRead.size + closedFolders };
  for (const name of differ) {
    const file = existing.get(name);
    // A file that is only visible through a symbolic link does not exist.
    const reason = isBelow(name, links) ? "gone" : whyNot(file, cannotRead.has(name));
    if (reason === undefined) captured.set(name, file);
    else dropped.push(name);
    if (reason === "large" || reason === "unreadable") counts[reason] += 1;
  }
  for (const [name, file] of ignored.map(fileOf)) {
    if (whyNot(file, cannotRead.has(name)) !== undefined || file.sizeBytes > maxIgnoredBytes) continue;
    captured.set(name, file);
    counts.ignored -= 1;
  }
  const addedBytes = [...captured.values()].reduce((sum, file) => sum + (file?.sizeBytes ?? 0), 0);
  if (addedBytes > maxAddedBytes) {
    const gib = (addedBytes / 1024 ** 3).toFixed(1);
    throw new DeckhandError(
      "checkpoint_failed",
      `The workspace has ${gib} GiB of new data, which is too much for a checkpoint.`,
    );
  }
  const modes = [...captured].flatMap(([name, file]) => (file?.kind === "file" ? [[name, file.mode] as const] : []));
  return {
    changed: [...captured.keys()],
    dropped,
    modes: new Map(modes),
    addedBytes,
    excluded: counts,
    tree: same?.[0],
    canPack: isAtLeast(version?.[0] ?? "", 2, 38),
  };
}

/** Undefined for files that can be captured, and for deleted ones, which git removes from the index. */
function whyNot(
  file: FileInfo | undefined,
  cannotRead: boolean,
): "folder" | "large" | "unreadable" | "counted" | undefined {
  if (file === undefined) return undefined;
  if (file.kind === "folder") return "folder";
  if (cannotRead) return "counted";
  if (file.kind === "other") return "unreadable";
  return file.sizeBytes > maxFileBytes ? "large" : undefined;
}

/** Splits lists whose entries end with NUL and which end with one more NUL. */
function sections(text: string): string[][] {
  const lists: string[][] = [[]];
  let at = 0;
  for (let end = text.indexOf("\0"); end >= 0; end = text.indexOf("\0", at)) {
    if (end === at) lists.push([]);
    else lists.at(-1)?.push(text.slice(at, end));
    at = end + 1;
  }
  return lists;
}

interface FileInfo {
  readonly kind: "file" | "link" | "folder" | "other";
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
}

/** Parses `size mode name` with a hexadecimal mode: stat(1), `%s %f %n`. */
function fileOf(line: string): [string, FileInfo] {
  const size = line.indexOf(" ");
  const mode = line.indexOf(" ", size + 1);
  const bits = Number.parseInt(line.slice(size + 1, mode), 16);
  const kind = kinds[bits & 0o170000] ?? "other";
  return [line.slice(mode + 1), { kind, sizeBytes: Number(line.slice(0, size)), mode: bits & 0o7777 }];
}

/** inode(7), "The file type and mode". */
const kinds: Readonly<Record<number, FileInfo["kind"]>> = { 0o100000: "file", 0o120000: "link", 0o040000: "folder" };

function isBelow(name: string, links: ReadonlySet<string>): boolean {
  if (links.size === 0) return false;
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
    if (links.has(name.slice(0, at))) return true;
  }
  return false;
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const found = /(\d+)\.(\d+)/.exec(version);
  const [hasMajor, hasMinor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}
