/**
 * What to protect in a git folder (gitrepository-layout(5)), and what its settings point to in the workspace: hooks and
 * further settings. The folder may come from a stranger's repository or from an earlier command. Where a part of it is
 * not what git writes (a link, a FIFO, a file instead of a folder, settings over the limit), the whole folder becomes
 * read-only: commits then fail inside, but nothing in it can be replaced.
 */
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isIn } from "../workspace-policy.ts";
import { readWorkspaceFile } from "../workspace-file.ts";
import { parseGitConfig, type GitSetting } from "./git-config.ts";
import { emptyFile, emptyFolder, readOnly, type Mount } from "./mounts.ts";

export interface GitPaths {
  readonly mounts: readonly Mount[];
  /** Where a `commondir` could be created in a git folder: commondir-guard.ts. */
  readonly commondirs: readonly string[];
}

/** Some thousands of branches with their upstreams; parsing as much takes 10 ms. */
const maxConfigBytes = 512 * 1024;
const maxPointerBytes = 4096;
/** Of one repository, with its submodules, worktrees and includes. */
const maxSettingsBytes = 1024 * 1024;
const maxConfigFiles = 256;
/** Submodules and worktrees, and what settings point to: each is at least one mount of half a millisecond. */
const maxGitFolders = 32;
const maxNamed = 64;
/** Folders that are searched for submodules, whose names may contain slashes. */
const maxSearched = 256;

export async function gitPaths(git: string, workspace: string, userHome: string): Promise<GitPaths> {
  if ((await kindOf(join(git, "HEAD"))) === "missing") return { mounts: [], commondirs: [] };
  const own = git === workspace ? [] : [{ type: "write", from: git, to: git } as const];
  const [main, modules, worktrees] = await Promise.all([
    protectFolder(git, { hooks: true, config: true, pointers: ["gitdir", "config.worktree"] }),
    submodulesOf(join(git, "modules")),
    worktreesOf(join(git, "worktrees")),
  ]);
  const named = await namedInSettings(git, { modules: modules ?? [], worktrees: worktrees ?? [], workspace, userHome });
  if (main === undefined || modules === undefined || worktrees === undefined) {
    return { mounts: [readOnly(git), ...named], commondirs: [] };
  }
  const below = await Promise.all([
    ...modules.map(async (path) => ({
      path,
      mounts: await protectFolder(path, { hooks: true, config: true, pointers: [] }),
    })),
    ...worktrees.map(async (path) => ({
      path,
      mounts: await protectFolder(path, { pointers: ["gitdir", "config.worktree", "commondir"] }),
    })),
  ]);
  const closed = new Set(below.flatMap(({ path, mounts }) => (mounts === undefined ? [path] : [])));
  return {
    mounts: [...own, ...main, ...below.flatMap(({ path, mounts }) => mounts ?? [readOnly(path)]), ...named],
    commondirs: [git, ...modules].filter((path) => !closed.has(path)).map((folder) => join(folder, "commondir")),
  };
}

interface Parts {
  readonly hooks?: true;
  readonly config?: true;
  /** Files that redirect git to other settings; protected if they exist. */
  readonly pointers: readonly string[];
}

/** Undefined if a part is not what git writes. */
async function protectFolder(folder: string, parts: Parts): Promise<Mount[] | undefined> {
  const mounts: Mount[] = [];
  if (parts.hooks === true) {
    const path = join(folder, "hooks");
    const kind = await kindOf(path);
    if (kind !== "folder" && kind !== "missing") return undefined;
    mounts.push(kind === "folder" ? readOnly(path) : emptyFolder(path));
  }
  if (parts.config === true) {
    const path = join(folder, "config");
    const { kind, sizeBytes } = await entryAt(path);
    if ((kind !== "file" && kind !== "missing") || sizeBytes > maxConfigBytes) return undefined;
    mounts.push(kind === "file" ? readOnly(path) : emptyFile(path));
  }
  for (const name of parts.pointers) {
    const path = join(folder, name);
    const kind = await kindOf(path);
    if (kind === "file") mounts.push(readOnly(path));
    else if (kind !== "missing") return undefined;
  }
  return mounts;
}

interface Surroundings {
  readonly modules: readonly string[];
  readonly worktrees: readonly string[];
  readonly workspace: string;
  readonly userHome: string;
}

/** Hooks and settings in the workspace that the repository's own settings point to, directly or through an include. */
async function namedInSettings(
  git: string,
  { modules, worktrees, workspace, userHome }: Surroundings,
): Promise<Mount[]> {
  const found = new Set<string>();
  // Relative hooks belong to the work tree from which git runs, or to a bare repository.
  const bases = basename(git) === ".git" ? [dirname(git)] : [dirname(git), git];
  const trees = [...bases, ...(await Promise.all(worktrees.map((folder) => treeOf(folder, workspace)))).flat()];
  const pending = [git, ...modules, ...worktrees].flatMap((folder) =>
    ["config", "config.worktree"].map((name) => ({ file: join(folder, name), folder })),
  );
  const read = new Set<string>();
  let remainingBytes = maxSettingsBytes;
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { file, folder } = next;
    if (read.has(file) || read.size >= maxConfigFiles || remainingBytes === 0) continue;
    read.add(file);
    const content = await readWorkspaceFile(workspace, file, Math.min(maxConfigBytes, remainingBytes));
    if (content.type !== "content") continue;
    remainingBytes -= content.bytes.length;
    const settings = parseGitConfig(content.bytes.toString("utf8"));
    const own = settings.flatMap((each) => (isWorktree(each) ? [resolve(folder, each.value)] : []));
    const add = (path: string): boolean => {
      if (!isIn(path, workspace) || path === workspace || found.size >= maxNamed) return false;
      found.add(path);
      return true;
    };
    for (const setting of settings) {
      const value = setting.value.startsWith("~/") ? join(userHome, setting.value.slice(2)) : setting.value;
      if (isInclude(setting)) {
        const path = resolve(dirname(file), value);
        if (add(path)) pending.push({ file: path, folder });
      } else if (setting.section === "core" && setting.name === "hookspath") {
        for (const tree of [...trees, ...own]) add(hooksFolder(resolve(tree, value)));
      }
    }
  }
  const existing = await Promise.all([...found].map(async (path) => ((await exists(path)) ? [readOnly(path)] : [])));
  return existing.flat();
}

function isInclude({ section, name }: GitSetting): boolean {
  return name === "path" && (section === "include" || section.startsWith("includeif."));
}

function isWorktree({ section, name }: GitSetting): boolean {
  return section === "core" && name === "worktree";
}

/** husky's `.husky/_` calls the scripts in `.husky`. */
function hooksFolder(path: string): string {
  return basename(path) === "_" ? dirname(path) : path;
}

/** The work tree of a folder in `worktrees`, from the path of its `.git` file. */
async function treeOf(folder: string, workspace: string): Promise<string[]> {
  const pointer = await readWorkspaceFile(workspace, join(folder, "gitdir"), maxPointerBytes);
  return pointer.type === "content" ? [dirname(resolve(folder, pointer.bytes.toString("utf8").trimEnd()))] : [];
}

/** Submodules may have submodules. Undefined if there are too many to protect one by one, or a link to follow. */
async function submodulesOf(modules: string): Promise<string[] | undefined> {
  const found: string[] = [];
  const pending = [modules];
  for (let searched = 0; pending.length > 0; searched++) {
    if (searched >= maxSearched) return undefined;
    const folders = await foldersIn(pending.shift() ?? "");
    if (folders === undefined) return undefined;
    for (const folder of folders) {
      const isGit = (await kindOf(join(folder, "HEAD"))) !== "missing";
      if (isGit) found.push(folder);
      pending.push(isGit ? join(folder, "modules") : folder);
    }
    if (found.length > maxGitFolders || pending.length > maxSearched) return undefined;
  }
  return found;
}

async function worktreesOf(folder: string): Promise<string[] | undefined> {
  const found = await foldersIn(folder);
  return found === undefined || found.length > maxGitFolders ? undefined : found;
}

/** Empty if there is no such folder; undefined if it is something else. */
async function foldersIn(folder: string): Promise<string[] | undefined> {
  const kind = await kindOf(folder);
  if (kind !== "folder") return kind === "missing" ? [] : undefined;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  return entries?.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

type Kind = "file" | "folder" | "missing" | "other";

async function kindOf(path: string): Promise<Kind> {
  return (await entryAt(path)).kind;
}

async function entryAt(path: string): Promise<{ readonly kind: Kind; readonly sizeBytes: number }> {
  try {
    const stats = await lstat(path);
    return { kind: stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other", sizeBytes: stats.size };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return { kind: isMissing ? "missing" : "other", sizeBytes: 0 };
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
