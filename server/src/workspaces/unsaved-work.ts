/** What would be lost with a conversation's own folder, and what of it is saved: the commits on a worktree's branch. */
import { readdir } from "node:fs/promises";
import { workspaceSource, type WorkspaceChoice } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { branchName } from "./populate.ts";
import { gitFailure, isolatedGit } from "./isolated-git.ts";

type Runtimes = Pick<RuntimeFactory, "runIsolated">;

interface OwnWorkspace {
  readonly path: string;
  readonly choice: WorkspaceChoice;
  readonly conversation: string;
}

/** A sentence on what would be lost; undefined if nothing would. When in doubt, something would. */
export async function unsavedWork(
  runtimes: Runtimes,
  { path, choice, conversation }: OwnWorkspace,
  signal: AbortSignal,
): Promise<string | undefined> {
  const source = workspaceSource(choice);
  const isWorktree = source !== undefined && "repository" in source && source.as === "worktree";
  const isRepository = isWorktree || (source !== undefined && "git" in source);
  if (!isRepository) {
    const names = await readdir(path).catch(() => []);
    return names.length === 0 ? undefined : `Its workspace has files that exist nowhere else (${listed(names)}).`;
  }
  const git = (...args: readonly string[]) =>
    isolatedGit(runtimes, { args, cwd: path, folders: [{ path, access: "write" }] }, signal);
  const status = await git("status", "--porcelain", "--ignore-submodules=none", "-z", "--no-renames");
  if (!status.ok) return "Its workspace is no longer a git repository, so everything in it would be lost.";
  const files = status.stdout.split("\0").filter((line) => line !== "");
  if (files.length > 0) {
    return `Its workspace has uncommitted changes (${listed(files.map((line) => line.slice(3)))}).`;
  }
  // The branch of a worktree is returned to its repository.
  const branch = `refs/heads/${branchName(conversation)}`;
  const saved = isWorktree ? [`--exclude=${branch}`] : [];
  const reachable = isWorktree ? [branch] : [];
  const stash = await git("rev-parse", "--verify", "--quiet", "refs/stash");
  const counted = await git(
    "rev-list",
    "--count",
    ...saved,
    "--branches",
    "HEAD",
    "--not",
    "--remotes",
    "--tags",
    ...reachable,
  );
  if (!counted.ok) return "The commits in its workspace could not be checked.";
  const commits = Number(counted.stdout) + (stash.ok ? 1 : 0);
  return commits === 0 ? undefined : `Its workspace has ${commits} commits that exist nowhere else.`;
}

/** Fetches a worktree's branch into its repository, if it has commits of its own. Fails with `workspace_failed`. */
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
  const counted = await isolatedGit(
    runtimes,
    {
      args: ["rev-list", "--count", branch, "--not", "--remotes", "--"],
      cwd: path,
      folders: [{ path, access: "read" }],
    },
    signal,
  );
  if (!counted.ok || Number(counted.stdout) === 0) return;
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
      // These objects were written by an agent.
      settings: { "fetch.fsckObjects": "true" },
    },
    signal,
  );
  if (!ok) throw gitFailure(`Fetching branch ${branchName(conversation)} into ${repository}`, stderr);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 80)).slice(1, -1));
  return shown.join(", ") + (names.length > shown.length ? ` and ${names.length - shown.length} more` : "");
}
