/**
 * What in a workspace differs from the index, and what of it can be kept. The lists are made by git, so that .gitignore means what
 * people expect; whether a file is kept is decided here, by its kind and its size.
 *
 * A repository inside the workspace is one entry `name/` for git, which it would keep as a number. Once the index has anything inside it,
 * git goes in; so each gets a file that is not there, which is taken out again with the others that are gone.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError, type ExcludedFiles } from "@deckhand/protocol";
import type { FileModes } from "./file-modes.ts";
import type { ShadowGit } from "./shadow-git.ts";

export interface Scan {
  /** Names as bytes in latin1, because they may be anything. */
  /** New, changed or gone. */
  readonly changed: readonly string[];
  /** They are there, and cannot be kept. */
  readonly dropped: readonly string[];
  /** Of files that are new or changed. */
  readonly modes: FileModes;
  readonly addedBytes: number;
  /** A socket, pipe or device counts as unreadable where something else was there before; git does not see others. */
  readonly excluded: ExcludedFiles;
  /** The tree, where the index is it already. */
  readonly tree: string | undefined;
  /** git is new enough to write many objects into one pack. */
  readonly packs: boolean;
}

/** Of one file: bigger ones are data, models, pictures of disks. */
export const maxFileBytes = 20 * 1024 * 1024;
/** Of all that one snapshot adds. */
const mostAddedBytes = 1024 * 1024 * 1024;
/** An ignored file is kept when it is small, because nobody can make `.env` again; an ignored folder is not. */
const mostIgnoredBytes = 1024 * 1024;
const mostIgnored = 2000;

const script = readFileSync(join(import.meta.dirname, "scan.sh"), "utf8");

/** Fails with `checkpoint_failed`, `sandbox_unavailable`, `interrupted`. */
export async function scanWorkspace(git: ShadowGit, signal: AbortSignal): Promise<Scan> {
  const { stdout, stderr } = await git.run(script, { args: [String(mostIgnored)] }, signal);
  const [version, ignoredCount, differ = [], stats = [], unreadable = [], small = [], smallUnreadable = [], same] =
    sections(Buffer.from(stdout).toString("latin1"));
  const closedFolders = [...stderr.matchAll(/^warning: could not open directory /gm)].length;
  const cannot = new Set([...unreadable, ...smallUnreadable]);
  const there = new Map(stats.map(fileOf));
  const links = new Set([...there].flatMap(([name, { kind }]) => (kind === "link" ? [name] : [])));
  const kept = new Map<string, Found | undefined>();
  const dropped: string[] = [];
  const counts = { ignored: Number(ignoredCount?.[0] ?? 0), large: 0, unreadable: cannot.size + closedFolders };
  for (const name of differ) {
    const file = there.get(name);
    // What is seen through a link is not there.
    const reason = isBelow(name, links) ? "gone" : whyNot(file, cannot.has(name));
    if (reason === undefined) kept.set(name, file);
    else dropped.push(name);
    if (reason === "large" || reason === "unreadable") counts[reason] += 1;
  }
  for (const [name, file] of small.map(fileOf)) {
    if (whyNot(file, cannot.has(name)) !== undefined || file.sizeBytes > mostIgnoredBytes) continue;
    kept.set(name, file);
    counts.ignored -= 1;
  }
  const addedBytes = [...kept.values()].reduce((sum, file) => sum + (file?.sizeBytes ?? 0), 0);
  if (addedBytes > mostAddedBytes) {
    const gib = (addedBytes / 1024 ** 3).toFixed(1);
    throw new DeckhandError("checkpoint_failed", `There are ${gib} GiB to keep, which is too much for a snapshot.`);
  }
  const modes = [...kept].flatMap(([name, file]) => (file?.kind === "file" ? [[name, file.mode] as const] : []));
  return {
    changed: [...kept.keys()],
    dropped,
    modes: new Map(modes),
    addedBytes,
    excluded: counts,
    tree: same?.[0],
    packs: isNewer(version?.[0] ?? "", 2, 38),
  };
}

/** Undefined for what can be kept, and for what is gone, which git takes out by itself. */
function whyNot(
  file: Found | undefined,
  cannotRead: boolean,
): "folder" | "large" | "unreadable" | "counted" | undefined {
  if (file === undefined) return undefined;
  if (file.kind === "folder") return "folder";
  if (cannotRead) return "counted";
  if (file.kind === "other") return "unreadable";
  return file.sizeBytes > maxFileBytes ? "large" : undefined;
}

/** Lists of entries that end with NUL, each list ended by one more. */
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

interface Found {
  readonly kind: "file" | "link" | "folder" | "other";
  readonly sizeBytes: number;
  /** Its permissions. */
  readonly mode: number;
}

/** `size mode name`, the mode as a hexadecimal number: stat(1), `%s %f %n`. */
function fileOf(line: string): [string, Found] {
  const size = line.indexOf(" ");
  const mode = line.indexOf(" ", size + 1);
  const bits = Number.parseInt(line.slice(size + 1, mode), 16);
  const kind = kinds[bits & 0o170000] ?? "other";
  return [line.slice(mode + 1), { kind, sizeBytes: Number(line.slice(0, size)), mode: bits & 0o7777 }];
}

/** inode(7), "The file type and mode". */
const kinds: Readonly<Record<number, Found["kind"]>> = { 0o100000: "file", 0o120000: "link", 0o040000: "folder" };

function isBelow(name: string, links: ReadonlySet<string>): boolean {
  if (links.size === 0) return false;
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
    if (links.has(name.slice(0, at))) return true;
  }
  return false;
}

function isNewer(said: string, major: number, minor: number): boolean {
  const found = /(\d+)\.(\d+)/.exec(said);
  const [has, and] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  return has > major || (has === major && and >= minor);
}
