/**
 * Files in a workspace that later run code outside the sandbox: hooks and settings of repositories, settings of
 * editors, start files of shells. Those that exist when a sandbox starts are read-only in it (EROFS; replacing one by a
 * rename, as `git config` does, fails with EBUSY).
 *
 * A repository's `.git` is a separate mount, so that it cannot be moved away and recreated. A mount cannot protect a
 * name that does not exist yet: a repository or an editor's folder that is created inside stays writable until the next
 * start.
 */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { gitPaths, type GitPaths } from "./git-paths.ts";
import { readOnly, type Mount } from "./mounts.ts";

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

/** Over the workspace, in the order of the mounts. Symbolic links are not followed and cannot be protected. */
export type ProtectedPaths = GitPaths;

export async function protectedPaths(
  workspace: string,
  names: readonly string[] = protectedNames,
  userHome: string = homedir(),
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
        const paths = await gitPaths(repository, workspace, userHome);
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

function isPlain(entry: { isFile(): boolean; isDirectory(): boolean }): boolean {
  return entry.isFile() || entry.isDirectory();
}
