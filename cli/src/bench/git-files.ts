/** Extracts files of a commit with this machine's git, without the repository's own settings, hooks or filters. */
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { isFile } from "./files.ts";
import type { CheckFile } from "./task.ts";

const execute = promisify(execFile);
/** Enough for a large repository over a slow connection. */
const gitMs = 600_000;

/** Creates a repository in `into` with the commit's files as its only commit. `from` is a folder or a URL. */
export async function exportCommit(from: string, commit: string, into: string): Promise<void> {
  await mkdir(into);
  await git(into, "init", "--quiet", "--initial-branch=main");
  await git(into, "fetch", "--quiet", "--depth=1", "--no-tags", "--", from, commit);
  await git(into, "checkout", "--quiet", "--detach", "FETCH_HEAD");
  const { stdout: tree } = await git(into, "rev-parse", "FETCH_HEAD^{tree}");
  const { stdout: onlyCommit } = await git(into, "commit-tree", "-m", "State before the task", tree.trim());
  await git(into, "checkout", "--quiet", "-B", "main", onlyCommit.trim());
  // These name the original commit.
  const traces = ["FETCH_HEAD", "shallow", "logs"].map((name) => join(into, ".git", name));
  await Promise.all(traces.map((path) => rm(path, { recursive: true, force: true })));
}

/** The files that a patch changes, in their patched state. `folder` has the unpatched files. */
export async function patchedFiles(folder: string, patch: string): Promise<readonly CheckFile[]> {
  const file = join(folder, ".git", "test.patch");
  await writeFile(file, patch.endsWith("\n") ? patch : `${patch}\n`);
  await git(folder, "apply", "--whitespace=nowarn", "--", file);
  const { stdout } = await git(folder, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all");
  const paths = stdout
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => entry.slice(3));
  return Promise.all(
    paths.map(async (path) => ({ path, from: (await isFile(join(folder, path))) ? join(folder, path) : null })),
  );
}

async function git(cwd: string, ...args: readonly string[]): Promise<{ readonly stdout: string }> {
  const identity = { NAME: "deckhand", EMAIL: "deckhand@localhost", DATE: "2000-01-01T00:00:00Z" };
  const identityVariables = Object.entries(identity).flatMap(([name, value]) =>
    ["AUTHOR", "COMMITTER"].map((role) => [`GIT_${role}_${name}`, value] as const),
  );
  const env = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    ...Object.fromEntries(identityVariables),
  };
  const safe = ["-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", "-c", "protocol.ext.allow=never"];
  try {
    return await execute("git", [...safe, ...args], { cwd, env, timeout: gitMs, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stderr = "" } = error as { readonly stderr?: string };
    throw new Error(`git ${args[0]} failed: ${stderr.trim().slice(0, 500)}`, { cause: error });
  }
}
