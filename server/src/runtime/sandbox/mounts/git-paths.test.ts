import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { bubblewrapRuntimes } from "../../bubblewrap.ts";
import { makeFolders, run } from "../../runtime.contract.ts";
import { protectedPaths } from "./protected-paths.ts";

interface Workspace extends Disposable {
  readonly folders: ReturnType<typeof makeFolders>;
  readonly path: string;
  write(path: string, text?: string): void;
  at(path: string): string;
}

/** A workspace with the git folders that are named, as `git init` would make them but without settings. */
function workspaceWith(...gitFolders: string[]): Workspace {
  const folders = makeFolders();
  const path = join(folders.root, "workspace");
  const at = (name: string): string => join(path, name);
  const write = (name: string, text = ""): void => {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  mkdirSync(path);
  for (const git of gitFolders) {
    for (const name of ["objects", "refs"]) mkdirSync(at(`${git}/${name}`), { recursive: true });
    write(`${git}/HEAD`, "ref: refs/heads/main\n");
  }
  return { folders, path, write, at, [Symbol.dispose]: () => folders.remove() };
}

const fifo = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  execFileSync("mkfifo", [path]);
};

/** What is read-only, relative to the workspace. */
async function readOnlyIn({ path, folders }: Workspace): Promise<string[]> {
  const { mounts } = await protectedPaths(path, [], folders.options.userHome);
  return mounts.flatMap(({ type, to }) => (type === "read" || type === "closed" ? [to.slice(path.length + 1)] : []));
}

const hostileConfigs = {
  "blanks before an open quote": `path=${" ".repeat(5000)}x"y\n`,
  "newlines before a setting": `[core]${"\n".repeat(80_000)}hooksPath=x`,
  "blanks behind a quoted value": `[core]\nhooksPath = "a${" ".repeat(400_000)}b\n`,
  "blanks before a name": `${" ".repeat(400_000)}path\n`,
  "a value of one line": `[include]\npath = ${"../".repeat(100_000)}x\n`,
  "ten thousand includes": `[include]\n${Array.from({ length: 10_000 }, (_, i) => `path = ../i${i}\n`).join("")}`,
};

describe("[Y13] settings of a repository that a stranger wrote delay nobody", () => {
  for (const [what, config] of Object.entries(hostileConfigs)) {
    it(`[Y13] ${what}`, async () => {
      using workspace = workspaceWith("vendor/x", "own/.git");
      workspace.write("vendor/x/config", config);
      workspace.write("own/.git/config", config);
      let longestMs = 0;
      let last = performance.now();
      const timer = setInterval(() => {
        longestMs = Math.max(longestMs, performance.now() - last);
        last = performance.now();
      }, 5);
      const began = performance.now();
      const paths = await readOnlyIn(workspace);
      await new Promise((resolve) => setTimeout(resolve, 10));
      clearInterval(timer);
      assert.ok(performance.now() - began < 3000);
      assert.ok(longestMs < 500, `the event loop stood still for ${longestMs} ms`);
      assert.ok(paths.includes("vendor/x/config") && paths.includes("own/.git/hooks"));
    });
  }

  it("[Y13] settings that include each other", async () => {
    using workspace = workspaceWith(".git");
    workspace.write(".git/config", "[include]\npath = ../a\n");
    workspace.write("a", "[include]\npath = b\n");
    workspace.write("b", "[include]\npath = a\n[core]\nhooksPath = hooks\n");
    workspace.write("hooks/pre-commit");
    const paths = await readOnlyIn(workspace);
    for (const path of ["a", "b", "hooks"]) assert.ok(paths.includes(path), path);
  });
});

const namedPaths = {
  "an include with a comment behind it": ["[include]\n\tpath = ../shared.gitconfig ; team\n", "shared.gitconfig"],
  "hooks with a comment behind them": ["[core]\n\thooksPath = .githooks # ours\n", ".githooks/pre-commit"],
  "hooks on the section's line": ["[core] hooksPath = .githooks\n", ".githooks/pre-commit"],
  "hooks in quotes": ['[core]\nhooksPath = "my hooks"\n', "my hooks/pre-commit"],
  "hooks on a continuation line": ["[core]\nhooksPath = .git\\\nhooks\n", ".githooks/pre-commit"],
  "an include by condition": ['[includeIf "onbranch:main"]\npath = ../main.gitconfig\n', "main.gitconfig"],
  "hooks that an included file names": ["[include]\npath = ../deep/first\n", "deep/hooks/pre-commit"],
  "hooks by the user's home": ["[core]\nhooksPath = ~/workspace/.githooks\n", ".githooks/pre-commit"],
  "hooks of another work tree": ["[core]\nworktree = ../elsewhere\nhooksPath = hooks\n", "elsewhere/hooks/pre-commit"],
} as const;

describe("[Y13] what the settings of a repository point to is read-only", () => {
  for (const [what, [config, path]] of Object.entries(namedPaths)) {
    it(`[Y13] ${what}`, async () => {
      using workspace = workspaceWith(".git");
      workspace.write(".git/config", config);
      workspace.write("deep/first", "[core]\nhooksPath = deep/hooks\n");
      workspace.write(path, "");
      const paths = await protectedPaths(workspace.path, [], dirname(workspace.path));
      const readOnly = paths.mounts.filter(({ type }) => type === "read").map(({ to }) => to);
      const wanted = workspace.at(path);
      assert.ok(
        readOnly.some((each) => each === wanted || wanted.startsWith(`${each}/`)),
        readOnly.join("\n"),
      );
    });
  }
});

/** Each prepares a git folder, `.git`, in a way in which git does not. */
const irregular: Readonly<Record<string, (workspace: Workspace) => void>> = {
  "settings that are a FIFO": ({ at }) => fifo(at(".git/config")),
  "settings that are a link": ({ write, at }) => (
    write("config", "[core]\n"),
    symlinkSync("../config", at(".git/config"))
  ),
  "settings that are a folder": ({ at }) => mkdirSync(at(".git/config")),
  "sparse settings of 400 MB": ({ write, at }) => (write(".git/config"), truncateSync(at(".git/config"), 400 << 20)),
  "hooks that are a FIFO": ({ at }) => fifo(at(".git/hooks")),
  "hooks that are a link": ({ at }) => (mkdirSync(at("hooks")), symlinkSync("../hooks", at(".git/hooks"))),
  "further settings that are a FIFO": ({ at }) => fifo(at(".git/config.worktree")),
  "submodules behind a link": ({ at }) => symlinkSync("../..", at(".git/modules")),
  "worktrees that are a FIFO": ({ at }) => fifo(at(".git/worktrees")),
};

describe("[Y12] a git folder that is not as git makes it is read-only as a whole, and the sandbox starts", () => {
  for (const [what, prepare] of Object.entries(irregular)) {
    it(`[Y12] ${what}`, async () => {
      using workspace = workspaceWith(".git");
      prepare(workspace);
      const before = process.memoryUsage().rss;
      assert.deepEqual((await readOnlyIn(workspace)).slice(0, 1), [".git"]);
      assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024);
      await using runtime = await bubblewrapRuntimes(workspace.folders.options).create({
        workspace: workspace.path,
        home: join(workspace.folders.options.dataHome, "c"),
      });
      assert.match((await run(runtime, "echo x >.git/new; echo y >file")).output, /Read-only file system/);
      assert.ok(existsSync(workspace.at("file")));
    });
  }
});

it("[Y12] FIFOs at every name that is looked at stop neither the server nor the next sandbox", async () => {
  using workspace = workspaceWith();
  for (let i = 0; i < 6; i++) {
    workspace.write(`r${i}/.git/HEAD`);
    fifo(workspace.at(`r${i}/.git/commondir`));
    fifo(workspace.at(`r${i}/.git/config`));
    workspace.write(`s${i}/.git/HEAD`);
    fifo(workspace.at(`s${i}/.git/commondir`));
    workspace.write(`s${i}/.git/modules/m/HEAD`);
    fifo(workspace.at(`s${i}/.git/modules/m/config`));
    fifo(workspace.at(`s${i}/.git/modules/n/HEAD`));
    workspace.write(`s${i}/.git/worktrees/w/HEAD`);
    for (const name of ["gitdir", "commondir", "config.worktree"]) fifo(workspace.at(`s${i}/.git/worktrees/w/${name}`));
    for (const name of [".vscode", ".envrc", ".bashrc", "HEAD", "objects", "refs"]) fifo(workspace.at(`t${i}/${name}`));
    fifo(workspace.at(`u${i}/.git`));
  }
  const began = performance.now();
  await using runtime = await bubblewrapRuntimes(workspace.folders.options).create({
    workspace: workspace.path,
    home: join(workspace.folders.options.dataHome, "c"),
  });
  assert.equal((await run(runtime, "echo works")).output, "works\n");
  assert.ok(performance.now() - began < 10_000);
  rmSync(workspace.at("r0"), { recursive: true });
});
