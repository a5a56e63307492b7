/**
 * What in a workspace runs code for somebody else, later and outside: hooks and settings of repositories, settings of editors, start
 * files of shells. What of it is there when a sandbox starts can be read in it and not written (EROFS; what is replaced by a rename, as
 * `git config` does, fails with EBUSY).
 *
 * A repository's `.git` is a mount of its own, so that it cannot be moved away and made anew. What a mount cannot hold is a name that
 * is not there yet: a repository that is made inside is its maker's until the next start, and so is an editor's folder.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Mount } from "./mounts.ts";
import { isIn } from "../workspace-policy.ts";

/** Files and folders, wherever they lie in the workspace. */
export const protectedNames: readonly string[] = (
  ".vscode .idea .envrc .inputrc .gdbinit .profile .bashrc .bash_profile .bash_login .bash_logout " +
  ".zshrc .zshenv .zprofile .zlogin .zlogout"
).split(" ");

/** Folders that are looked through, the nearest to the top first: about 40 µs each, at every start of a sandbox. */
const maxFolders = 1000;
/** Repositories; three mounts each, of half a millisecond. */
const maxRepositories = 32;
/** They have tens of thousands of folders, and nobody's repositories. */
const notEntered = new Set(["node_modules", ".venv", "venv", "target", "__pycache__"]);
const atOnce = 64;

export interface ProtectedPaths {
  /** Over the workspace, in this order. Links are not followed and cannot be held. */
  readonly mounts: readonly Mount[];
  /** Where a git folder could get a `commondir`: commondir-guard.ts. */
  readonly commondirs: readonly string[];
}

export async function protectedPaths(
  workspace: string,
  names: readonly string[] = protectedNames,
): Promise<ProtectedPaths> {
  const wanted = new Set(names);
  const mounts: Mount[] = [];
  const commondirs: string[] = [];
  let repositories = 0;
  let looked = 0;
  let level = [workspace];
  while (level.length > 0 && looked < maxFolders) {
    const now = level.slice(0, maxFolders - looked);
    looked += now.length;
    level = [];
    for (let at = 0; at < now.length; at += atOnce) {
      const found = await Promise.all(now.slice(at, at + atOnce).map((folder) => lookThrough(folder, wanted)));
      for (const { repository, mounts: own, below } of found) {
        level.push(...below);
        mounts.push(...own);
        if (repository === undefined || repositories++ >= maxRepositories) continue;
        const held = await repositoryPaths(repository, workspace);
        mounts.push(...held.mounts);
        commondirs.push(...held.commondirs);
      }
    }
  }
  return { mounts, commondirs };
}

interface Found {
  /** Its git folder: `.git`, or the folder itself where it is a bare one. */
  readonly repository?: string;
  readonly mounts: readonly Mount[];
  readonly below: readonly string[];
}

async function lookThrough(folder: string, wanted: ReadonlySet<string>): Promise<Found> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const mounts: Mount[] = [];
  const below: string[] = [];
  let repository: string | undefined;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name === ".git" && entry.isDirectory()) repository = path;
    // It points to a git folder elsewhere, and could be pointed to another.
    else if ((entry.name === ".git" && entry.isFile()) || (wanted.has(entry.name) && isPlain(entry))) {
      mounts.push(readOnly(path));
    } else if (entry.isDirectory() && !notEntered.has(entry.name)) below.push(path);
  }
  const names = new Set(entries.map(({ name }) => name));
  if (!["HEAD", "objects", "refs"].every((name) => names.has(name))) {
    return { mounts, below, ...(repository === undefined ? {} : { repository }) };
  }
  return { mounts, below: [], repository: folder };
}

/** Of a git folder: gitrepository-layout(5). */
async function repositoryPaths(git: string, workspace: string): Promise<ProtectedPaths> {
  if (!(await isThere(join(git, "HEAD")))) return { mounts: [], commondirs: [] };
  const config = await readFile(join(git, "config"), "utf8").catch(() => undefined);
  const [modules, worktrees] = await Promise.all([
    gitFolders(join(git, "modules"), 0),
    foldersIn(join(git, "worktrees")),
  ]);
  const pointers = [git, ...worktrees].flatMap((folder) =>
    ["gitdir", "config.worktree", ...(folder === git ? [] : ["commondir"])].map((name) => join(folder, name)),
  );
  const there = await Promise.all(
    [...pointers, ...namedIn(config ?? "", git, workspace)].map(async (path) => ((await isThere(path)) ? [path] : [])),
  );
  const hooks = [git, ...modules].map((folder) => join(folder, "hooks"));
  const mounts: Mount[] = [
    ...(git === workspace ? [] : [{ type: "write", from: git, to: git } as const]),
    ...(await Promise.all(hooks.map(async (path) => ((await isThere(path)) ? readOnly(path) : closed(path))))),
    config === undefined ? nothing(join(git, "config")) : readOnly(join(git, "config")),
    ...modules.map((folder) => readOnly(join(folder, "config"))),
    ...there.flat().map(readOnly),
  ];
  return { mounts, commondirs: [git, ...modules].map((folder) => join(folder, "commondir")) };
}

/** Hooks and settings that the repository's own settings point to, where they lie in the workspace. */
function namedIn(config: string, git: string, workspace: string): string[] {
  const found: string[] = [];
  for (const [, key = "", value = ""] of config.matchAll(/^\s*(hookspath|path)\s*=\s*"?([^"\n]+?)"?\s*$/gim)) {
    const isHooks = key.toLowerCase() === "hookspath";
    // Hooks are found from the work tree, included files from the file that includes them.
    const path = resolve(isHooks ? dirname(git) : git, value);
    // husky's `.husky/_` calls what lies in `.husky`.
    const whole = isHooks && basename(path) === "_" ? dirname(path) : path;
    if (isIn(whole, workspace) && whole !== workspace) found.push(whole);
  }
  return found;
}

/** Modules may be named with slashes, and have modules of their own. */
async function gitFolders(folder: string, depth: number): Promise<string[]> {
  if (depth > 4) return [];
  const found = await Promise.all(
    (await foldersIn(folder)).map(async (path) => {
      if (!(await isThere(join(path, "HEAD")))) return gitFolders(path, depth + 1);
      return [path, ...(await gitFolders(join(path, "modules"), depth + 1))];
    }),
  );
  return found.flat().slice(0, maxRepositories);
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

function isPlain(entry: { isFile(): boolean; isDirectory(): boolean }): boolean {
  return entry.isFile() || entry.isDirectory();
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const readOnly = (path: string): Mount => ({ type: "read", from: path, to: path });
/** A folder that is not there: an empty one is made, and shown closed. */
const closed = (path: string): Mount => ({ type: "closed", to: path });
/** A file that is not there: an empty one is made, and shown closed. */
const nothing = (path: string): Mount => ({ type: "read", from: "/dev/null", to: path });
