/**
 * git on an untrusted workspace, with a repository that belongs to the server and that the workspace does not know
 * about.
 *
 *   DECKHAND_HOME/checkpoints/KEY/     KEY is a hash of the workspace's path
 *     HEAD config info/                written by this file; read-only for git
 *     refs/conversations/ID/EVENT      a retained tree; written by the server, read-only for git
 *     objects/ work/                   written by git; `work` holds the index
 *
 * git runs isolated (see `RuntimeFactory`): it sees the workspace and this folder, and has no network. Nothing in the
 * workspace can make it run a program, because programs are named in configuration and ours is the only one read: no
 * hooks, no fsmonitor, no pager, no filter, no diff or textconv driver, whatever .gitattributes says. No byte is
 * converted either: info/attributes takes precedence over every .gitattributes. The workspace's own repository is never
 * opened; its `.git`, and that of every repository inside it, is skipped.
 */
import { createHash } from "node:crypto";
import { access, chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { RuntimeFactory, SpawnResult } from "../runtime/runtime.ts";

export interface ShadowGit {
  readonly workspace: string;
  /** The folder KEY. */
  readonly folder: string;
  /**
   * Runs a bash script with `$GIT_DIR`, `$GIT_INDEX_FILE` and `args` as its arguments; `mayWrite` refers to the
   * workspace. Fails with `checkpoint_failed` and git's error if the exit code is not 0 or the output is too large,
   * `sandbox_unavailable`, `interrupted`.
   */
  run(script: string, options: RunOptions, signal: AbortSignal): Promise<SpawnResult>;
}

interface RunOptions {
  readonly args?: readonly string[];
  readonly stdin?: Uint8Array | string;
  readonly mayWrite?: true;
  readonly maxBytes?: number;
  /** Returns truncated output instead of failing. */
  readonly mayTruncate?: true;
}

/** Reproducible files, for workspaces without a .gitignore. The workspace's own .gitignore takes precedence. */
export const excludedByName = [
  "node_modules/",
  "bower_components/",
  ".venv/",
  "__pycache__/",
  ".tox/",
  ".mypy_cache/",
  ".pytest_cache/",
  ".ruff_cache/",
  ".gradle/",
  ".next/",
  ".nuxt/",
  ".turbo/",
  ".parcel-cache/",
  ".terraform/",
  ".DS_Store",
];

const config = `[core]
\trepositoryformatversion = 0
\tbare = false
\tfileMode = true
\tsymlinks = true
\tignoreCase = false
\tprotectHFS = false
\tprotectNTFS = false
\tautocrlf = false
\tfsmonitor = false
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tlogAllRefUpdates = false
\tpager = cat
\tlooseCompression = 1
[pack]
\tcompression = 1
\tthreads = 1
\twindowMemory = 64m
[gc]
\tauto = 0
[index]
\tthreads = 1
[diff]
\trenameLimit = 1000
\tsuppressBlankEmpty = false
`;
/** Overrides every .gitattributes: files are bytes. A `!` unsets an attribute. */
const attributes = "* !text !eol !crlf !ident !filter !working-tree-encoding !diff !merge !whitespace\n";

const environment = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_LITERAL_PATHSPECS: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "",
  LC_ALL: "C",
};
const maxOutputBytes = 64 * 1024 * 1024;

/** The repository folder of a workspace, below `root`. */
export function shadowFolder(root: string, workspace: string): string {
  return join(root, createHash("sha256").update(workspace).digest("hex").slice(0, 32));
}

/** Creates the folder on first use. `workspace` is a real path, without symbolic links. */
export function openShadowGit(folder: string, workspace: string, runtimes: RuntimeFactory): ShadowGit {
  return {
    workspace,
    folder,
    async run(script, { args = [], stdin, mayWrite, maxBytes = maxOutputBytes, mayTruncate }, signal) {
      await createFolder(folder, workspace);
      const result = await runtimes.runIsolated(
        {
          argv: ["bash", "--noprofile", "--norc", "-c", `set -o pipefail\n${script}`, "git", ...args],
          folders: [
            { path: workspace, access: mayWrite === true ? "write" : "read" },
            { path: folder, access: "read" },
            { path: join(folder, "objects"), access: "write" },
            { path: join(folder, "work"), access: "write" },
          ],
          cwd: workspace,
          env: {
            ...environment,
            GIT_DIR: folder,
            GIT_WORK_TREE: workspace,
            GIT_INDEX_FILE: join(folder, "work", "index"),
          },
          ...(stdin === undefined ? {} : { stdin }),
        },
        maxBytes,
        signal,
      );
      if (result.cut && mayTruncate === true) return result;
      if (result.cut)
        throw new DeckhandError("checkpoint_failed", "The workspace has too many files for a checkpoint.");
      if (result.exitCode !== 0) throw new DeckhandError("checkpoint_failed", failureOf(result));
      return result;
    },
  };
}

function failureOf({ stderr, exitCode }: SpawnResult): string {
  const error = stderr.trim().split("\n").slice(-3).join(" ").slice(0, 400);
  if (exitCode === 127)
    return "git is not installed. Install it (apt-get install git) to get checkpoints of the workspace.";
  return `git failed${error === "" ? ` with exit code ${exitCode}` : `: ${error}`}.`;
}

async function createFolder(folder: string, workspace: string): Promise<void> {
  const isComplete = await access(join(folder, "HEAD")).then(
    () => true,
    () => false,
  );
  if (isComplete) return;
  for (const name of ["info", "refs/conversations", "objects/info", "objects/pack", "work"]) {
    await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
  }
  await writeFile(join(folder, "config"), config);
  await writeFile(join(folder, "info", "attributes"), attributes);
  await writeFile(join(folder, "info", "exclude"), `${excludedByName.join("\n")}\n`);
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(workspace);
    for (const name of ["objects", "objects/info", "objects/pack", "work"]) await chown(join(folder, name), uid, gid);
  }
  // Written last: its existence marks the folder as complete.
  await writeFile(join(folder, "HEAD"), "ref: refs/heads/none\n");
}
