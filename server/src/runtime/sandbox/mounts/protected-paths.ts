/**
 * Files in a workspace that later run code outside the sandbox: hooks and settings of repositories, settings of
 * editors, start files of shells. Those that exist when a sandbox starts are read-only in it (EROFS; replacing one by a
 * rename, as `git config` does, fails with EBUSY).
 *
 * A repository's `.git` is a separate mount, so that it cannot be moved away and recreated. A mount cannot protect a
 * name that does not exist yet: a repository or an editor's folder that is created inside stays writable until the next
 * start.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Mount } from "./mounts.ts";
import { isIn } from "../workspace-policy.ts";

/** Names of files and folders, anywhere in the workspace. */
export const protectedNames: readonly string[] = (
  ".vscode .idea .envrc .inputrc .gdbinit .profile .bashrc .bash_profile .bash_login .bash_logout " +
  ".zshrc .zshenv .zprofile .zlogin .zlogout"
).split(" ");

/** Folders that are searched, breadth first: about 40 µs each, at every start of a sandbox. */
const maxFolders = 1000;
/** Each repository takes three mounts of half a millisecond. */
const maxRepositories = 32;
/** These have tens of thousands of folders and no repositories of the user. */
const skippedFolders = new Set(["node_modules", ".venv", "venv", "target", "__pycache__"]);
const parallelReads = 64;

export interface ProtectedPaths {
  /** Over the workspace, in this order. Symbolic links are not followed and cannot be protected. */
  readonly mounts: readonly Mount[];
  /** Where a `commondir` could be created in a git folder: commondir-guard.ts. */
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
  let searched = 0;
  let level = [workspace];
  while (level.length > 0 && searched < maxFolders) {
    const batch = level.slice(0, maxFolders - searched);
    searched += batch.length;
    level = [];
    for (let at = 0; at < batch.length; at += parallelReads) {
      const found = await Promise.all(
        batch.slice(at, at + parallelReads).map((folder) => searchFolder(folder, wanted)),
      );
      for (const { repository, mounts: own, below } of found) {
        level.push(...below);
        mounts.push(...own);
        if (repository === undefined || repositories++ >= maxRepositories) continue;
        const paths = await repositoryPaths(repository, workspace);
        mounts.push(...paths.mounts);
        commondirs.push(...paths.commondirs);
      }
    }
  }
  return { mounts, commondirs };
}

interface Found {
  /** The git folder of a repository found here: `.git`, or the folder itself if it is a bare repository. */
  readonly repository?: string;
  readonly mounts: readonly Mount[];
  readonly below: readonly string[];
}

async function searchFolder(folder: string, wanted: ReadonlySet<string>): Promise<Found> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const mounts: Mount[] = [];
  const below: string[] = [];
  let repository: string | undefined;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name === ".git" && entry.isDirectory()) repository = path;
    // A `.git` file points to a git folder elsewhere, and could be changed to point to another.
    else if ((entry.name === ".git" && entry.isFile()) || (wanted.has(entry.name) && isPlain(entry))) {
      mounts.push(readOnly(path));
    } else if (entry.isDirectory() && !skippedFolders.has(entry.name)) below.push(path);
  }
  const names = new Set(entries.map(({ name }) => name));
  if (!["HEAD", "objects", "refs"].every((name) => names.has(name))) {
    return { mounts, below, ...(repository === undefined ? {} : { repository }) };
  }
  return { mounts, below: [], repository: folder };
}

/** What to protect in a git folder: gitrepository-layout(5). */
async function repositoryPaths(git: string, workspace: string): Promise<ProtectedPaths> {
  if (!(await exists(join(git, "HEAD")))) return { mounts: [], commondirs: [] };
  const config = await readFile(join(git, "config"), "utf8").catch(() => undefined);
  const [modules, worktrees] = await Promise.all([
    gitFolders(join(git, "modules"), 0),
    foldersIn(join(git, "worktrees")),
  ]);
  const pointers = [git, ...worktrees].flatMap((folder) =>
    ["gitdir", "config.worktree", ...(folder === git ? [] : ["commondir"])].map((name) => join(folder, name)),
  );
  const existing = await Promise.all(
    [...pointers, ...namedIn(config ?? "", git, workspace)].map(async (path) => ((await exists(path)) ? [path] : [])),
  );
  const hooks = [git, ...modules].map((folder) => join(folder, "hooks"));
  const mounts: Mount[] = [
    ...(git === workspace ? [] : [{ type: "write", from: git, to: git } as const]),
    ...(await Promise.all(hooks.map(async (path) => ((await exists(path)) ? readOnly(path) : emptyFolder(path))))),
    config === undefined ? emptyFile(join(git, "config")) : readOnly(join(git, "config")),
    ...modules.map((folder) => readOnly(join(folder, "config"))),
    ...existing.flat().map(readOnly),
  ];
  return { mounts, commondirs: [git, ...modules].map((folder) => join(folder, "commondir")) };
}

/** Hooks and settings in the workspace that the repository's own settings point to. */
function namedIn(config: string, git: string, workspace: string): string[] {
  const found: string[] = [];
  for (const [, key = "", value = ""] of config.matchAll(/^\s*(hookspath|path)\s*=\s*"?([^"\n]+?)"?\s*$/gim)) {
    const isHooks = key.toLowerCase() === "hookspath";
    // Hooks are relative to the work tree, included files to the file that includes them.
    const path = resolve(isHooks ? dirname(git) : git, value);
    // husky's `.husky/_` calls the scripts in `.husky`.
    const target = isHooks && basename(path) === "_" ? dirname(path) : path;
    if (isIn(target, workspace) && target !== workspace) found.push(target);
  }
  return found;
}

/** Submodule names may contain slashes, and submodules may have submodules. */
async function gitFolders(folder: string, depth: number): Promise<string[]> {
  if (depth > 4) return [];
  const found = await Promise.all(
    (await foldersIn(folder)).map(async (path) => {
      if (!(await exists(join(path, "HEAD")))) return gitFolders(path, depth + 1);
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

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const readOnly = (path: string): Mount => ({ type: "read", from: path, to: path });
/** A missing folder: an empty, read-only one takes its place. */
const emptyFolder = (path: string): Mount => ({ type: "closed", to: path });
/** A missing file: an empty, read-only one takes its place. */
const emptyFile = (path: string): Mount => ({ type: "read", from: "/dev/null", to: path });
