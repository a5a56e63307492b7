/** What is put into the new, empty folder of a conversation, by the way that was chosen. */
import { DeckhandError, type WorkspaceSource } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { gitAddress, gitRef, isCommit } from "./git-address.ts";
import { isolatedGit, gitFailure, type GitResult, type GitRun } from "./isolated-git.ts";
import type { OnProgress } from "./workspaces.ts";
import { gitProgress } from "./git-progress.ts";
import type { Uploads } from "./uploads.ts";

export type PopulatedChoice = Exclude<WorkspaceSource, { folder: string }>;

export interface PopulateRequest {
  readonly choice: PopulatedChoice;
  readonly conversation: string;
  /** The empty folder. */
  readonly into: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface Sources {
  readonly runtimes: Pick<RuntimeFactory, "runApart">;
  readonly uploads: Uploads;
  /** The own folder of another conversation. */
  readonly ownFolder: (conversation: string) => string;
}

/** The branch on which a conversation works that has a worktree of its own. */
export function branchName(conversation: string): string {
  return `deckhand/${conversation}`;
}

/** Fails with `workspace_failed`, `sandbox_unavailable`, `interrupted`, `bad_args`. */
export async function populate(filling: PopulateRequest, sources: Sources): Promise<void> {
  const { choice, into } = filling;
  if ("git" in choice) return clone(choice.git, choice.ref, filling, sources);
  if ("repository" in choice) {
    return choice.as === "copy"
      ? copy(choice.repository, filling, sources)
      : worktree(choice.repository, choice.ref, filling, sources);
  }
  if ("conversation" in choice) return copy(sources.ownFolder(choice.conversation), filling, sources);
  return sources.uploads.take(choice.upload, into);
}

/** Alone the newest state: what is made with a filter would have to ask again for each old file, which the sandbox may not. */
async function clone(
  address: string,
  ref: string | undefined,
  filling: PopulateRequest,
  sources: Sources,
): Promise<void> {
  const url = gitAddress(address);
  filling.onProgress(`Cloning ${url}`);
  const git = runner(filling, sources, [], {
    protocols: ["http", "https"],
    // On the usual ports alone: another one, or a private address, is the configuration's to allow.
    reaches: [new URL(url).hostname],
    settings: { "http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60" },
  });
  const done = (result: GitResult): void => {
    if (!result.ok) throw gitFailure(`Cloning ${url}`, result.stderr);
  };
  if (ref === undefined || !isCommit(ref)) {
    const branch = ref === undefined ? [] : ["--branch", gitRef(ref)];
    return done(await git("clone", "--depth=1", "--no-recurse-submodules", "--progress", ...branch, "--", url, "."));
  }
  done(await git("init", "--quiet"));
  done(await git("remote", "add", "--", "origin", url));
  done(await git("fetch", "--depth=1", "--progress", "origin", ref));
  done(await git("checkout", "--quiet", "--detach", "FETCH_HEAD"));
}

/**
 * A repository of its own and no linked worktree: that one would need the first's .git writable in the sandbox, and who may write
 * objects and refs may delete those of others. Objects are copied for the same reason, not linked. The branch is brought home when the
 * conversation is deleted (keep-work.ts).
 */
async function worktree(
  repository: string,
  ref: string | undefined,
  filling: PopulateRequest,
  sources: Sources,
): Promise<void> {
  const what = `A worktree of ${repository}`;
  filling.onProgress(`Making a worktree of ${repository}`);
  const git = runner(filling, sources, [{ path: repository, access: "read" }], { protocols: ["file"] });
  const done = (result: GitResult): void => {
    if (!result.ok) throw gitFailure(what, result.stderr);
  };
  const flags = ["--no-hardlinks", "--no-checkout", "--no-recurse-submodules", "--progress"];
  done(await git("clone", ...flags, "--", repository, "."));
  const at = ref === undefined ? [] : [await startOf(gitRef(ref))];
  done(await git("switch", "--no-track", "--create", branchName(filling.conversation), ...at));
  // A new branch at the commit that is there already brings no files.
  done(await git("reset", "--hard", "--quiet"));

  async function startOf(name: string): Promise<string> {
    const known = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `refs/remotes/origin/${name}`);
    return known.ok ? `refs/remotes/origin/${name}` : name;
  }
}

async function copy(
  from: string,
  { into, onProgress: tell, signal }: PopulateRequest,
  { runtimes }: Sources,
): Promise<void> {
  tell(`Copying ${from}`);
  const { exitCode, stderr } = await runtimes.runApart(
    {
      argv: ["cp", "-a", "--reflink=auto", "-T", "--", from, into],
      folders: [
        { path: from, access: "read" },
        { path: into, access: "write" },
      ],
      cwd: into,
      env: { LC_ALL: "C" },
    },
    0,
    signal,
  );
  if (exitCode === 0) return;
  const said = stderr
    .slice(0, 300)
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")
    .trim();
  throw new DeckhandError("workspace_failed", `Copying ${from} failed: ${said}`);
}

function runner(
  { into, onProgress: tell, signal }: PopulateRequest,
  { runtimes }: Sources,
  folders: GitRun["folders"],
  how: Pick<GitRun, "protocols" | "settings" | "reaches">,
): (...args: readonly string[]) => Promise<GitResult> {
  const onStderr = gitProgress(tell);
  return (...args) =>
    isolatedGit(
      runtimes,
      { args, cwd: into, folders: [...folders, { path: into, access: "write" }], onStderr, ...how },
      signal,
    );
}
