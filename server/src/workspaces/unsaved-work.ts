/** What would be lost with a conversation's own folder, and what of it is kept: the commits on a worktree's branch. */
import { readdir } from "node:fs/promises";
import { workspaceSource, type WorkspaceChoice } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { branchName } from "./populate.ts";
import { isolatedGit, gitFailure } from "./isolated-git.ts";

type Runtimes = Pick<RuntimeFactory, "runApart">;

/** A sentence, or undefined where nothing would be lost. Whatever cannot be told counts as something. */
export async function unsavedWork(
  runtimes: Runtimes,
  {
    path,
    choice,
    conversation,
  }: { readonly path: string; readonly choice: WorkspaceChoice; readonly conversation: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const named = workspaceSource(choice);
  const isWorktree = named !== undefined && "repository" in named && named.as === "worktree";
  const isRepository = isWorktree || (named !== undefined && "git" in named);
  if (!isRepository) {
    const names = await readdir(path).catch(() => []);
    return names.length === 0 ? undefined : `Its workspace has files that are nowhere else (${listed(names)}).`;
  }
  const git = (...args: readonly string[]) =>
    isolatedGit(runtimes, { args, cwd: path, folders: [{ path, access: "write" }] }, signal);
  const changed = await git("status", "--porcelain", "--ignore-submodules=none", "-z", "--no-renames");
  if (!changed.ok) return "Its workspace is no repository any more; what is in it would be lost.";
  const files = changed.stdout.split("\0").filter((line) => line !== "");
  if (files.length > 0) {
    return `Its workspace has changes that are in no commit (${listed(files.map((line) => line.slice(3)))}).`;
  }
  // The branch of a worktree goes home.
  const kept = isWorktree ? [`--exclude=refs/heads/${branchName(conversation)}`] : [];
  const home = isWorktree ? [`refs/heads/${branchName(conversation)}`] : [];
  const stash = await git("rev-parse", "--verify", "--quiet", "refs/stash");
  const made = await git("rev-list", "--count", ...kept, "--branches", "HEAD", "--not", "--remotes", "--tags", ...home);
  if (!made.ok) return "What its workspace has in commits cannot be told.";
  const commits = Number(made.stdout) + (stash.ok ? 1 : 0);
  return commits === 0 ? undefined : `Its workspace has ${commits} commits that are nowhere else.`;
}

/** Brings the branch of a worktree into its repository; nothing where it has no commits of its own. Fails with `workspace_failed`. */
export async function returnBranch(
  runtimes: Runtimes,
  {
    path,
    repository,
    conversation,
  }: { readonly path: string; readonly repository: string; readonly conversation: string },
  signal: AbortSignal,
): Promise<void> {
  const branch = `refs/heads/${branchName(conversation)}`;
  const own = await isolatedGit(
    runtimes,
    {
      args: ["rev-list", "--count", branch, "--not", "--remotes", "--"],
      cwd: path,
      folders: [{ path, access: "read" }],
    },
    signal,
  );
  if (!own.ok || Number(own.stdout) === 0) return;
  const { ok, stderr } = await isolatedGit(
    runtimes,
    {
      args: ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", path, `+${branch}:${branch}`],
      cwd: repository,
      folders: [
        { path: repository, access: "write" },
        { path, access: "read" },
      ],
      protocols: ["file"],
      // An agent made these objects.
      settings: { "fetch.fsckObjects": "true" },
    },
    signal,
  );
  if (!ok) throw gitFailure(`Bringing branch ${branchName(conversation)} into ${repository}`, stderr);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 80)).slice(1, -1));
  return shown.join(", ") + (names.length > shown.length ? ` and ${names.length - shown.length} more` : "");
}
