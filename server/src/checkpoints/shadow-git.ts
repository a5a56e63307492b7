/**
 * git on a workspace that nobody trusts, over a repository of the server's own that the workspace does not know.
 *
 *   DECKHAND_HOME/snapshots/KEY/       KEY is made of the workspace's path
 *     HEAD config info/                made here, by hand; read-only to git
 *     refs/conversations/ID/EVENT      a tree that is kept; written by the server, read-only to git
 *     objects/ work/                   what git writes; `work` has the index
 *
 * git runs apart (see `RuntimeFactory`): it sees the workspace and this folder, and has no network. Nothing in the workspace can
 * make it run a program, because programs stand in configuration and there is none but ours: no hooks, no fsmonitor, no pager, no
 * filter, no diff or textconv driver, whatever .gitattributes names. Nor is a byte converted: info/attributes goes before every
 * .gitattributes. The workspace's own repository is not opened; its `.git`, and that of each repository inside it, is passed over.
 */
import { createHash } from "node:crypto";
import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { RuntimeFactory, SpawnResult } from "../runtime/runtime.ts";

export interface ShadowGit {
  readonly workspace: string;
  /** The folder KEY. */
  readonly folder: string;
  /**
   * Runs a bash script with `$GIT_DIR`, `$GIT_INDEX_FILE` and `args` as its own; `mayWrite` is about the workspace. Fails with
   * `checkpoint_failed` and git's words where its exit code is not 0 or there was too much to read, `sandbox_unavailable`, `interrupted`.
   */
  run(script: string, options: RunOptions, signal: AbortSignal): Promise<SpawnResult>;
}

interface RunOptions {
  readonly args?: readonly string[];
  readonly stdin?: Uint8Array | string;
  readonly mayWrite?: true;
  readonly maxBytes?: number;
  /** Too much to read is no failure. */
  readonly mayTruncate?: true;
}

/** What can always be made again, and has no .gitignore where there is no git. The workspace's own .gitignore goes before it. */
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
/** In front of every .gitattributes: files are bytes. A \`!\` takes back what those say. */
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
const mostBytes = 64 * 1024 * 1024;

/** The folder for a workspace, below `root`. */
export function shadowFolder(root: string, workspace: string): string {
  return join(root, createHash("sha256").update(workspace).digest("hex").slice(0, 32));
}

/** Makes the folder where there is none. `workspace` is without symbolic links. */
export function openShadowGit(folder: string, workspace: string, runtimes: RuntimeFactory): ShadowGit {
  return {
    workspace,
    folder,
    async run(script, { args = [], stdin, mayWrite, maxBytes = mostBytes, mayTruncate: mayCut }, signal) {
      makeFolder(folder, workspace);
      const ran = await runtimes.runIsolated(
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
      if (ran.cut && mayCut === true) return ran;
      if (ran.cut) throw new DeckhandError("checkpoint_failed", "The workspace has too many files.");
      if (ran.exitCode !== 0) throw new DeckhandError("checkpoint_failed", sentenceOf(ran));
      return ran;
    },
  };
}

function sentenceOf({ stderr, exitCode }: SpawnResult): string {
  const said = stderr.trim().split("\n").slice(-3).join(" ").slice(0, 400);
  if (exitCode === 127) return "There is no git: install it (apt-get install git) to have snapshots of the workspace.";
  return `git failed${said === "" ? ` with exit code ${exitCode}` : `: ${said}`}.`;
}

function makeFolder(folder: string, workspace: string): void {
  if (existsSync(join(folder, "HEAD"))) return;
  for (const name of ["info", "refs/conversations", "objects/info", "objects/pack", "work"]) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  }
  writeFileSync(join(folder, "config"), config);
  writeFileSync(join(folder, "info", "attributes"), attributes);
  writeFileSync(join(folder, "info", "exclude"), `${excludedByName.join("\n")}\n`);
  if (process.getuid?.() === 0) {
    const { uid, gid } = statSync(workspace);
    for (const name of ["objects", "objects/info", "objects/pack", "work"]) chownSync(join(folder, name), uid, gid);
  }
  // Last: with it the folder is whole.
  writeFileSync(join(folder, "HEAD"), "ref: refs/heads/none\n");
}
