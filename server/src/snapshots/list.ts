/**
 * What in a workspace differs from the index, and what of it can be kept. The lists are made by git, so that .gitignore means what
 * people expect; whether a file is kept is decided here, by its kind and its size.
 *
 * A repository inside the workspace is one entry `name/` for git, which it would keep as a number. Once the index has anything inside it,
 * git goes in; so each gets a file that is not there, which is taken out again with the others that are gone.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError, type LeftOut } from "@deckhand/protocol";
import type { ShadowGit } from "./shadow-git.ts";

export interface Difference {
  /** Names as bytes in latin1, because they may be anything. */
  /** New, changed or gone. */
  readonly changed: readonly string[];
  /** They are there, and cannot be kept. */
  readonly dropped: readonly string[];
  /** A socket, pipe or device counts as unreadable where something else was there before; git does not see others. */
  readonly leftOut: LeftOut;
  /** The tree, where the index is it already. */
  readonly tree: string | undefined;
  /** git is new enough to write many objects into one pack. */
  readonly packs: boolean;
}

/** Of one file: bigger ones are data, models, pictures of disks. */
export const mostFileBytes = 20 * 1024 * 1024;
/** Of all that one snapshot adds. */
const mostAddedBytes = 2 * 1024 * 1024 * 1024;
/** An ignored file is kept when it is small, because nobody can make `.env` again; an ignored folder is not. */
const mostIgnoredBytes = 1024 * 1024;
const mostIgnored = 2000;

const script = readFileSync(join(import.meta.dirname, "list.sh"), "utf8");

/** Fails with `snapshot_failed`, `sandbox_unavailable`, `interrupted`. */
export async function listDifference(git: ShadowGit, signal: AbortSignal): Promise<Difference> {
  const { stdout, stderr } = await git.run(script, { args: [String(mostIgnored)] }, signal);
  const parts = sections(Buffer.from(stdout).toString("latin1"));
  const [
    version = [],
    ignoredCount = [],
    differ = [],
    stats = [],
    unreadable = [],
    smallStats = [],
    smallUnreadable = [],
    same = [],
  ] = parts;
  const closedFolders = [...stderr.matchAll(/^warning: could not open directory /gm)].length;
  const cannot = new Set([...unreadable, ...smallUnreadable]);
  const there = new Map(stats.map((line) => fileOf(line)));
  const changed: string[] = [];
  const dropped: string[] = [];
  const counts = { large: 0, unreadable: cannot.size + closedFolders };
  const links = new Set([...there].flatMap(([name, { kind }]) => (kind === "link" ? [name] : [])));
  let addedBytes = 0;
  for (const name of differ) {
    const file = there.get(name);
    // What is seen through a link is not there.
    if (isBelow(name, links)) {
      dropped.push(name);
      continue;
    }
    if (file === undefined || (file.kind !== "other" && !cannot.has(name) && file.sizeBytes <= mostFileBytes)) {
      changed.push(name);
      addedBytes += file?.sizeBytes ?? 0;
      continue;
    }
    dropped.push(name);
    if (file.sizeBytes > mostFileBytes) counts.large += 1;
    else if (file.kind === "other" && !file.isFolder) counts.unreadable += 1;
  }
  let ignored = Number(ignoredCount[0] ?? 0);
  for (const line of smallStats) {
    const [name, { kind, sizeBytes }] = fileOf(line);
    if (kind === "other" || sizeBytes > mostIgnoredBytes || cannot.has(name)) continue;
    changed.push(name);
    addedBytes += sizeBytes;
    ignored -= 1;
  }
  if (addedBytes > mostAddedBytes) {
    const gib = (addedBytes / 1024 ** 3).toFixed(1);
    throw new DeckhandError("snapshot_failed", `There are ${gib} GiB to keep, which is too much for a snapshot.`);
  }
  return { changed, dropped, leftOut: { ignored, ...counts }, tree: same[0], packs: isNewer(version[0] ?? "", 2, 38) };
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
  readonly kind: "file" | "link" | "other";
  readonly isFolder: boolean;
  readonly sizeBytes: number;
}

/** `size mode name`, the mode as a hexadecimal number: stat(1), `%s %f %n`. */
function fileOf(line: string): [string, Found] {
  const size = line.indexOf(" ");
  const mode = line.indexOf(" ", size + 1);
  const type = Number.parseInt(line.slice(size + 1, mode), 16) & 0o170000;
  const kind = type === 0o100000 ? "file" : type === 0o120000 ? "link" : "other";
  return [line.slice(mode + 1), { kind, isFolder: type === 0o040000, sizeBytes: Number(line.slice(0, size)) }];
}

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
