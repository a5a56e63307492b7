/**
 * Fills the new, empty folder of a conversation from the source that was chosen: a clone, a worktree, a copy or an
 * upload.
 */
import { DeckhandError, type WorkspaceSource } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { gitAddress, gitRef, isCommit } from "./git-address.ts";
import { isolatedGit, gitFailure, type GitResult, type GitRun } from "./isolated-git.ts";
import { gitProgress } from "./git-progress.ts";
import type { OnProgress, Uploads } from "./workspaces.ts";

export type PopulatedSource = Exclude<WorkspaceSource, { folder: string }>;

export interface PopulateRequest {
  readonly source: PopulatedSource;
  readonly conversation: string;
  /** The empty folder. */
  readonly into: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface Sources {
  readonly runtimes: Pick<RuntimeFactory, "runIsolated">;
  readonly uploads: Uploads;
  /** The workspace folder of another conversation. */
  readonly ownFolder: (conversation: string) => string;
}

/** The branch of a conversation that works in a worktree. */
export function branchName(conversation: string): string {
  return `deckhand/${conversation}`;
}

/** Fails with `workspace_failed`, `sandbox_unavailable`, `interrupted`, `bad_args`. */
export async function populate(request: PopulateRequest, sources: Sources): Promise<void> {
  const { source, into } = request;
  if ("git" in source) return clone(source.git, source.ref, request, sources);
  if ("repository" in source) {
    return source.as === "copy"
      ? copy(source.repository, request, sources)
      : worktree(source.repository, source.ref, request, sources);
  }
  if ("conversation" in source) return copy(sources.ownFolder(source.conversation), request, sources);
  return sources.uploads.take(source.upload, into);
}

/**
 * A shallow clone. A partial clone (`--filter`) would have to fetch every old file on demand, which the sandbox does
 * not allow.
 */
async function clone(
  address: string,
  ref: string | undefined,
  request: PopulateRequest,
  sources: Sources,
): Promise<void> {
  const url = gitAddress(address);
  request.onProgress(`Cloning ${url}`);
  const git = runner(request, sources, [], {
    protocols: ["http", "https"],
    // Only ports 80 and 443: other ports and private addresses have to be allowed in the configuration.
    allowedHosts: [new URL(url).hostname],
    settings: { "http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60" },
  });
  const check = (result: GitResult): void => {
    if (!result.ok) throw gitFailure(`Cloning ${url}`, result.stderr);
  };
  if (ref === undefined || !isCommit(ref)) {
    const branch = ref === undefined ? [] : ["--branch", gitRef(ref)];
    return check(await git("clone", "--depth=1", "--no-recurse-submodules", "--progress", ...branch, "--", url, "."));
  }
  check(await git("init", "--quiet"));
  check(await git("remote", "add", "--", "origin", url));
  check(await git("fetch", "--depth=1", "--progress", "origin", ref));
  check(await git("checkout", "--quiet", "--detach", "FETCH_HEAD"));
}

/**
 * An independent clone, not a linked worktree (git-worktree): that would need the repository's .git writable in the
 * sandbox, and a process that can write objects and refs can delete those of others. For the same reason objects are
 * copied, not hard-linked. The branch is returned when the conversation is deleted (unsaved-work.ts).
 */
async function worktree(
  repository: string,
  ref: string | undefined,
  request: PopulateRequest,
  sources: Sources,
): Promise<void> {
  const what = `Creating a worktree of ${repository}`;
  request.onProgress(what);
  const git = runner(request, sources, [{ path: repository, access: "read" }], { protocols: ["file"] });
  const check = (result: GitResult): void => {
    if (!result.ok) throw gitFailure(what, result.stderr);
  };
  const flags = ["--no-hardlinks", "--no-checkout", "--no-recurse-submodules", "--progress"];
  check(await git("clone", ...flags, "--", repository, "."));
  const start = ref === undefined ? [] : [await startOf(gitRef(ref))];
  check(await git("switch", "--no-track", "--create", branchName(request.conversation), ...start));
  // `switch --create` at the current commit does not check files out.
  check(await git("reset", "--hard", "--quiet"));

  async function startOf(name: string): Promise<string> {
    const onRemote = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `refs/remotes/origin/${name}`);
    return onRemote.ok ? `refs/remotes/origin/${name}` : name;
  }
}

async function copy(from: string, { into, onProgress, signal }: PopulateRequest, { runtimes }: Sources): Promise<void> {
  onProgress(`Copying ${from}`);
  const { exitCode, stderr } = await runtimes.runIsolated(
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
  const reason = stderr
    .slice(0, 300)
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")
    .trim();
  throw new DeckhandError("workspace_failed", `Copying ${from} failed: ${reason}`);
}

function runner(
  { into, onProgress, signal }: PopulateRequest,
  { runtimes }: Sources,
  folders: GitRun["folders"],
  how: Pick<GitRun, "protocols" | "settings" | "allowedHosts">,
): (...args: readonly string[]) => Promise<GitResult> {
  const onStderr = gitProgress(onProgress);
  return (...args) =>
    isolatedGit(
      runtimes,
      { args, cwd: into, folders: [...folders, { path: into, access: "write" }], onStderr, ...how },
      signal,
    );
}
