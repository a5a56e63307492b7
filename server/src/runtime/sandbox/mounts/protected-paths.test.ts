import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bubblewrapRuntimes } from "../../bubblewrap.ts";
import { makeFolders, run } from "../../runtime.contract.ts";
import type { Runtime } from "../../runtime.ts";
import { protectedPaths } from "./protected-paths.ts";

const isRoot = process.getuid?.() === 0;
/** Owners of the workspace: the server's user and, if that is root, also another user. */
for (const [owner, uid] of [
  ["the server's user", undefined],
  ...(isRoot ? [["another user", 65_534] as const] : []),
] as const) {
  describe(`a workspace owned by ${owner}`, () => {
    const folders = makeFolders();
    const workspace = join(folders.root, "workspace");
    let runtime: Runtime;
    const git = (...args: string[]) =>
      execFileSync(
        "git",
        [
          "-c",
          "protocol.file.allow=always",
          "-c",
          "safe.directory=*",
          "-c",
          "user.name=a",
          "-c",
          "user.email=a@b.c",
          ...args,
        ],
        {
          cwd: workspace,
          stdio: "pipe",
        },
      );
    before(async () => {
      mkdirSync(workspace);
      git("init", "-q");
      git("init", "-q", "deep/er/nested");
      git("init", "-q", "--bare", "bare.git");
      git("-C", "deep/er/nested", "commit", "-q", "--allow-empty", "-m", "m");
      git("submodule", "--quiet", "add", "./deep/er/nested", "sub");
      git("commit", "-q", "-m", "first");
      git("worktree", "add", "-q", "tree");
      mkdirSync(join(workspace, ".vscode"));
      mkdirSync(join(workspace, ".husky/_"), { recursive: true });
      git("config", "core.hooksPath", ".husky/_");
      git("config", "include.path", "../shared.config");
      for (const name of [".vscode/tasks.json", ".envrc", ".husky/pre-commit", "shared.config", "deep/.bashrc"])
        writeFileSync(join(workspace, name), "");
      if (uid !== undefined) execFileSync("chown", ["-R", `${uid}:${uid}`, workspace]);
      runtime = await bubblewrapRuntimes(folders.options).create({
        workspace,
        home: join(folders.options.dataHome, "c"),
      });
    });
    after(async () => {
      await runtime[Symbol.asyncDispose]();
      folders.remove();
    });

    it("[Y6] files that later run code outside are read-only, wherever they are", async () => {
      const closed = (
        ".git/commondir .git/modules/sub/commondir bare.git/commondir .git/hooks/pre-commit .git/config deep/er/nested/.git/hooks/x deep/er/nested/.git/config " +
        "bare.git/hooks/x bare.git/config .git/modules/sub/hooks/x .git/modules/sub/config sub/.git " +
        "tree/.git .git/worktrees/tree/commondir .git/worktrees/tree/gitdir .vscode/tasks.json " +
        ".vscode/new .envrc deep/.bashrc .husky/pre-commit .husky/_/pre-commit shared.config"
      ).split(" ");
      for (const path of closed) {
        const { output, exitCode } = await run(runtime, `echo x >>${path}`);
        assert.match(output, /Read-only file system/, path);
        assert.equal(exitCode, 1, path);
      }
      assert.equal((await run(runtime, "cat .git/config | head -n1; ls .vscode")).output, "[core]\ntasks.json\n");
      assert.match((await run(runtime, "git config alias.x '!true'")).output, /busy/);
    });

    it("[Y6] they cannot be moved, removed or covered", async () => {
      const commands = [
        "mv .git old",
        "rm -rf .git/hooks",
        "mv deep/er/nested/.git old",
        "mv .envrc old",
        "ln -sfn /tmp .vscode",
      ];
      for (const command of [...commands, "rm -f .git/config && echo gone", "unlink tree/.git", "mv new .git/config"])
        assert.notEqual((await run(runtime, command)).exitCode, 0, command);
      assert.ok(existsSync(join(workspace, ".git/hooks")) && existsSync(join(workspace, "deep/er/nested/.git/config")));
    });

    it("[Y6] git still works: commits, branches, clones, new repositories, work trees", async () => {
      const { output, exitCode } = await run(
        runtime,
        "set -e; echo 1 >file; git add file; git commit -qm second; git checkout -qb branch; echo 2 >file; git stash -q; git switch -q -; " +
          "git clone -q . copy 2>&1; git -C copy config user.name x; git init -q fresh; git -C fresh commit -q --allow-empty -m m; " +
          "git -C deep/er/nested commit -q --allow-empty -m m; git gc -q; git log --oneline | wc -l; git -C sub log --oneline | wc -l",
        { timeoutMs: 60_000 },
      );
      assert.equal(output, "2\n1\n");
      assert.equal(exitCode, 0);
    });

    it("[Y6] a repository created inside is protected from the sandbox's next start on", async () => {
      await run(runtime, "git init -q later; exit");
      await runtime[Symbol.asyncDispose]();
      runtime = await bubblewrapRuntimes(folders.options).create({
        workspace,
        home: join(folders.options.dataHome, "c"),
      });
      assert.match((await run(runtime, "echo x >later/.git/hooks/pre-commit")).output, /Read-only/);
    });

    it("[Y6] the guard file in a git folder is removed with the last sandbox of the workspace", async () => {
      const commondir = join(workspace, ".git/commondir");
      assert.equal(readFileSync(commondir, "utf8"), ".\n");
      assert.equal(String(git("status", "--short", "file")), "");
      await runtime[Symbol.asyncDispose]();
      assert.equal(existsSync(commondir), false);
      const factory = bubblewrapRuntimes(folders.options);
      const make = (name: string) => factory.create({ workspace, home: join(folders.options.dataHome, name) });
      await using one = await make("d");
      await using two = await make("e");
      for (const each of [one, two]) await run(each, "true");
      await one[Symbol.asyncDispose]();
      assert.match((await run(two, "echo ../evil >.git/commondir")).output, /Read-only/);
      await two[Symbol.asyncDispose]();
      assert.equal(existsSync(commondir), false);
    });

    it("[Y6] a symbolic link in place of a protected path reveals nothing of the machine", async () => {
      await runtime[Symbol.asyncDispose]();
      const outside = join(folders.root, "outside");
      mkdirSync(outside, { recursive: true });
      writeFileSync(join(outside, "secret"), "secret");
      renameSync(join(workspace, "later/.git/hooks"), join(workspace, "later/.git/old"));
      symlinkSync(outside, join(workspace, "later/.git/hooks"));
      runtime = await bubblewrapRuntimes(folders.options).create({
        workspace,
        home: join(folders.options.dataHome, "c"),
      });
      const seen = await run(runtime, "ls later/.git/hooks/").catch((error: unknown) => String(error));
      assert.doesNotMatch(typeof seen === "string" ? seen : seen.output, /secret/);
      assert.deepEqual(readdirSync(outside), ["secret"]);
    });
  });
}

it("[Y6] creates empty hooks and settings for a repository without them, and nothing outside of repositories", async () => {
  const folders = makeFolders();
  const workspace = join(folders.root, "workspace");
  mkdirSync(join(workspace, ".git/objects"), { recursive: true });
  mkdirSync(join(workspace, ".git/refs"));
  mkdirSync(join(workspace, "none/.git"), { recursive: true });
  writeFileSync(join(workspace, ".git/HEAD"), "ref: refs/heads/main\n");
  {
    await using runtime = await bubblewrapRuntimes(folders.options).create({
      workspace,
      home: join(folders.root, "c"),
    });
    for (const path of [".git/hooks/x", ".git/config"])
      assert.match((await run(runtime, `echo x >${path}`)).output, /Read-only|Permission denied/, path);
    assert.equal((await run(runtime, "git init -q none && echo x >none/.git/hooks/x")).exitCode, 0);
  }
  assert.equal(readFileSync(join(workspace, ".git/config"), "utf8"), "");
  folders.remove();
});

it("[Y6] bounds the search of a large workspace, and searches the top levels first", async () => {
  const folders = makeFolders();
  for (let i = 0; i < 1500; i++) mkdirSync(join(folders.root, "w", "many", `${i}`, "below"), { recursive: true });
  mkdirSync(join(folders.root, "w", ".idea"));
  mkdirSync(join(folders.root, "w", "many", "7", "below", ".idea"));
  const found = await protectedPaths(join(folders.root, "w"));
  assert.deepEqual(
    found.mounts.map(({ to }) => to),
    [join(folders.root, "w", ".idea")],
  );
  const named = await protectedPaths(join(folders.root, "w"), ["many"]);
  assert.deepEqual(
    named.mounts.map(({ to }) => to),
    [join(folders.root, "w", "many")],
  );
  folders.remove();
});

it("[Y7] Unix sockets of outside programs are unreachable in the workspace and the tool folders; the sandbox's own are reachable", async () => {
  const folders = makeFolders();
  const workspace = join(folders.root, "workspace");
  const tools = join(folders.options.userHome, "bin");
  mkdirSync(workspace);
  mkdirSync(tools);
  if (isRoot) chownSync(workspace, 65_534, 65_534);
  let reached = 0;
  const servers: Server[] = [];
  const listen = async (path: string) => {
    const server = createServer((socket) => (reached++, socket.end("reached")));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
  };
  const paths = [join(workspace, "docker.sock"), join(tools, "agent.sock"), join(folders.root, "beside.sock")];
  for (const path of [...paths, "\0deckhand-abstract-test"]) await listen(path);
  try {
    // The control: it is reachable from outside.
    await new Promise((resolve) => connect(paths[0] ?? "").on("data", resolve));
    assert.equal(reached, 1);
    const options = { ...folders.options, path: `${tools}:${folders.options.path}` };
    await using runtime = await bubblewrapRuntimes(options).create({ workspace, home: join(folders.root, "c") });
    const reach = (address: string) =>
      run(
        runtime,
        `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); print connect(S, pack_sockaddr_un("${address}")) ? "in" : "out"'`,
      );
    for (const path of [...paths, "\\0deckhand-abstract-test"]) assert.equal((await reach(path)).output, "out", path);
    const own = `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un("own.sock")); listen(S, 1); socket(C, AF_UNIX, SOCK_STREAM, 0); print connect(C, pack_sockaddr_un("own.sock")) ? "in" : "out"'`;
    assert.equal((await run(runtime, own)).output, "in");
    assert.equal(reached, 1);
  } finally {
    for (const server of servers) server.close();
    folders.remove();
  }
});
