import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bubblewrapRuntimes } from "../runtime/bubblewrap.ts";
import { hostRuntimes } from "../runtime/host.ts";
import { makeFolders, never } from "../runtime/runtime.contract.ts";
import { watchEventLoop } from "../async/cpu-time.test-kit.ts";
import { openCheckpointStore, type WorkspaceCheckpoints } from "./checkpoint-store.ts";
import { gc } from "./retention.ts";
import { openShadowGit, shadowFolder } from "./shadow-git.ts";

const folders = makeFolders();
const root = join(folders.options.dataHome, "checkpoints");
const runtimes = bubblewrapRuntimes(folders.options);
const store = openCheckpointStore(folders.options.dataHome, runtimes);
let count = 0;

interface TestWorkspace {
  readonly path: string;
  readonly checkpoints: WorkspaceCheckpoints;
  file(name: string, text: string | Uint8Array, mode?: number): void;
  read(name: string): string;
}

function testWorkspace(): TestWorkspace {
  const path = join(folders.root, `workspace ${(count += 1)}`);
  mkdirSync(path);
  return {
    path,
    checkpoints: store.forWorkspace(path),
    file(name, text, mode = 0o644) {
      mkdirSync(join(path, name, ".."), { recursive: true });
      writeFileSync(join(path, name), text, { mode });
    },
    read: (name) => readFileSync(join(path, name), "utf8"),
  };
}

/** Type, mode and content by name of everything in a folder, except what is in `.git`. */
function allOf(folder: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const name = join(below, entry.name);
    // The real name is not known.
    if (name.includes("\uFFFD")) continue;
    if (entry.isDirectory()) Object.assign(found, entry.name === ".git" ? {} : allOf(folder, name));
    else if (entry.isSymbolicLink()) found[name] = `-> ${readlinkSync(join(folder, name))}`;
    else if (entry.isFile()) {
      const mode = (lstatSync(join(folder, name)).mode & 0o777).toString(8);
      found[name] = `${mode} ${readFileSync(join(folder, name)).toString("base64")}`;
    }
  }
  return found;
}

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.invalid", ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

after(() => folders.remove());

describe("checkpoints of a workspace", () => {
  it("[V2] restore files byte for byte with their modes, links and strange names, and leave the rest alone", async () => {
    const { path, checkpoints, file } = testWorkspace();
    const names = [
      "plain",
      "deep/er/file",
      "with\nnew line",
      'quote " and \\',
      "\u202Eevil",
      "-rf",
      "a b",
      ":(top)x",
      "tab\t",
    ];
    for (const name of names) file(name, `text of ${JSON.stringify(name)}\r\n`);
    file(
      "bytes",
      Uint8Array.from({ length: 70_000 }, (_, index) => index % 251),
    );
    file("empty", "");
    file("tool", "#!/bin/sh\n", 0o755);
    const odd = Buffer.concat([Buffer.from(`${path}/not utf8 `), Buffer.from([0xff, 0xfe])]);
    writeFileSync(odd, "odd");
    symlinkSync("deep/er", join(path, "link to folder"));
    symlinkSync("/nowhere", join(path, "link to nothing"));
    const before = allOf(path);
    const { tree } = await checkpoints.capture(never);
    const again = await checkpoints.capture(never);
    assert.deepEqual(again, { tree, excluded: { ignored: 0, large: 0, unreadable: 0 }, addedBytes: 0 });

    for (const name of ["plain", "with\nnew line", "bytes", "link to folder", "deep", "-rf"]) {
      rmSync(join(path, name), { recursive: true });
    }
    rmSync(odd);
    file("plain/is a folder/now", "x");
    file("deep", "is a file now");
    symlinkSync("/etc", join(path, "with\nnew line"));
    chmodSync(join(path, "tool"), 0o644);
    file("new/file", "new");
    const changed = allOf(path);
    const now = await checkpoints.capture(never);
    assert.notEqual(now.tree, tree);
    await checkpoints.restore(now.tree, tree, never);
    assert.deepEqual(allOf(path), before);
    assert.equal(readFileSync(odd, "utf8"), "odd");
    assert.equal(existsSync(join(path, "new")), false);
    await checkpoints.capture(never);
    await checkpoints.restore(tree, now.tree, never);
    assert.deepEqual(allOf(path), changed);
  });

  it("[V2] never make a file readable to others that was not", async () => {
    const { path, checkpoints, file } = testWorkspace();
    file("-secret", "1", 0o600);
    file("group", "1", 0o640);
    file("open", "1");
    const { tree } = await checkpoints.capture(never);
    rmSync(join(path, "-secret"));
    for (const name of ["group", "open"]) file(name, "2");
    chmodSync(join(path, "group"), 0o644);
    await checkpoints.restore((await checkpoints.capture(never)).tree, tree, never);
    const modes = ["-secret", "group", "open"].map((name) => (lstatSync(join(path, name)).mode & 0o777).toString(8));
    assert.deepEqual(modes, ["600", "640", "644"]);
  });

  it("[V3] cover repositories inside the workspace, and touch no repository of the user's", async () => {
    const { path, checkpoints, file, read } = testWorkspace();
    file("a", "a");
    git(path, "init", "-q");
    git(path, "add", "a");
    git(path, "commit", "-qm", "one");
    file("a", "stashed");
    git(path, "stash");
    file("staged", "staged");
    git(path, "add", "staged");
    for (const inner of ["inner", "inner/most", "no commit", "empty"]) {
      mkdirSync(join(path, inner), { recursive: true });
      git(join(path, inner), "init", "-q");
    }
    for (const inner of ["inner/most", "inner"]) {
      file(`${inner}/file`, `of ${inner}`);
      git(join(path, inner), "add", ".");
      git(join(path, inner), "commit", "-qm", "one");
    }
    file("no commit/file", "untracked");
    file("linked/.git", `gitdir: ${path}/inner/.git\n`);
    file("linked/file", "of a linked one");
    const repositoryState = () => [
      git(path, "status", "--porcelain"),
      git(path, "stash", "list"),
      git(join(path, "inner"), "log"),
    ];
    const before = repositoryState();
    const { tree } = await checkpoints.capture(never);
    for (const name of ["inner/file", "inner/most/file", "no commit/file", "linked/file", "a"]) file(name, "changed");
    rmSync(join(path, "inner", "file"));
    const now = await checkpoints.capture(never);
    const names = (await checkpoints.changes(tree, now.tree, never)).map((change) => change.path);
    assert.deepEqual(names, ["a", "inner/file", "inner/most/file", "linked/file", "no commit/file"]);
    await checkpoints.restore(now.tree, tree, never);
    assert.deepEqual([read("inner/file"), read("inner/most/file"), read("a")], ["of inner", "of inner/most", "a"]);
    assert.deepEqual(repositoryState(), before);
  });

  it("[V4] run no program that a hostile workspace configures, and convert nothing", async () => {
    const { path, checkpoints, file } = testWorkspace();
    git(path, "init", "-q");
    const hit = join(path, "hit");
    const evil = join(path, "evil.sh");
    file("evil.sh", `#!/bin/sh\necho "$0" >> '${hit}'; cat\n`, 0o755);
    const settings = [
      "core.fsmonitor",
      "diff.external",
      "core.pager",
      "core.sshCommand",
      "core.editor",
      "core.hooksPath",
    ];
    for (const name of settings) git(path, "config", name, name.endsWith("Path") ? path : evil);
    for (const name of [
      "filter.x.clean",
      "filter.x.smudge",
      "filter.x.process",
      "diff.x.textconv",
      "diff.x.command",
      "merge.x.driver",
    ]) {
      git(path, "config", name, evil);
    }
    for (const hook of [
      "pre-commit",
      "post-index-change",
      "post-checkout",
      "reference-transaction",
      "fsmonitor-watchman",
    ]) {
      file(`.git/hooks/${hook}`, `#!/bin/sh\necho ${hook} >> '${hit}'\n`, 0o755);
      file(hook, `#!/bin/sh\necho ${hook} >> '${hit}'\n`, 0o755);
    }
    file(
      ".gitattributes",
      "[attr]evil filter=x\n* evil filter=x diff=x merge=x text=auto eol=crlf ident working-tree-encoding=UTF-16\n",
    );
    file("sub/.gitattributes", "*.txt filter=x diff=x eol=crlf ident\n");
    file("sub/file.txt", "one\ntwo $Id$\r\nthree\n");
    file(".gitmodules", `[submodule "s"]\n\tpath = s\n\turl = ext::${evil}\n`);
    file(".GIT/config", `[core]\n\tfsmonitor = ${evil}\n`);
    file("bare.git/HEAD", "ref: refs/heads/x\n");
    file("bare.git/config", `[core]\n\tfsmonitor = ${evil}\n\tbare = true\n`);
    for (const name of ["objects", "refs"]) mkdirSync(join(path, "bare.git", name));
    file("gitfile/.git", `gitdir: ${folders.options.dataHome}\n`);
    file("gitfile/file", "x");
    const before = allOf(path);
    const { tree } = await checkpoints.capture(never);
    for (const name of ["sub/file.txt", "gitfile/file", "evil.sh"]) file(name, "changed\n");
    const now = await checkpoints.capture(never);
    const { files } = await checkpoints.patches(tree, now.tree, never);
    assert.match(files.find((each) => each.path === "sub/file.txt")?.patch ?? "", /-two \$Id\$\r\n/);
    await checkpoints.restore(now.tree, tree, never);
    assert.deepEqual(allOf(path), before);
    assert.equal(existsSync(hit), false);
  });

  it("[V4] follow no link out of the workspace and wait for no pipe", async () => {
    const { path, checkpoints, file } = testWorkspace();
    const outside = join(folders.root, "outside");
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, "file"), "canary");
    file("folder/file", "inside");
    file("pipe", "was a file");
    const { tree } = await checkpoints.capture(never);
    rmSync(join(path, "folder"), { recursive: true });
    symlinkSync(outside, join(path, "folder"));
    rmSync(join(path, "pipe"));
    execFileSync("sh", ["-c", "mkfifo pipe another"], { cwd: path });
    const now = await checkpoints.capture(never);
    assert.equal(now.excluded.unreadable, 1);
    const { files } = await checkpoints.patches(tree, now.tree, never);
    assert.deepEqual(
      files.map(({ status, path: name }) => [status, name]),
      [
        ["added", "folder"],
        ["deleted", "folder/file"],
        ["deleted", "pipe"],
      ],
    );
    assert.doesNotMatch(JSON.stringify(files), /canary/);
    rmSync(join(path, "pipe"));
    await checkpoints.restore((await checkpoints.capture(never)).tree, tree, never);
    assert.deepEqual([readdirSync(outside), readFileSync(join(outside, "file"), "utf8")], [["file"], "canary"]);
    assert.equal(readFileSync(join(path, "folder", "file"), "utf8"), "inside");
  });

  it("[V5] report what they exclude: ignored folders, large files, unreadable files; small ignored files are included", async () => {
    const { path, checkpoints, file, read } = testWorkspace();
    file(".gitignore", "build/\n*.log\n.env\n");
    file("build/out", "x");
    file("node_modules/a/index.js", "x");
    file(".env", "secret=1");
    file("big.log", "");
    truncateSync(join(path, "big.log"), 2 * 1024 * 1024);
    file("large", "");
    truncateSync(join(path, "large"), 21 * 1024 * 1024);
    file("closed", "x", 0o000);
    const { tree, excluded } = await checkpoints.capture(never);
    assert.deepEqual(excluded, { ignored: 3, large: 1, unreadable: 1 });
    for (const name of [".env", "build/out", "large"]) rmSync(join(path, name));
    const now = await checkpoints.capture(never);
    assert.deepEqual(
      (await checkpoints.changes(tree, now.tree, never)).map((change) => change.path),
      [".env"],
    );
    await checkpoints.restore(now.tree, tree, never);
    assert.equal(read(".env"), "secret=1");
    assert.deepEqual(readdirSync(path).toSorted(), [
      ".env",
      ".gitignore",
      "big.log",
      "build",
      "closed",
      "node_modules",
    ]);
  });

  it("[V6] refuse to overwrite what is in no checkpoint, without changing anything", async () => {
    const { path, checkpoints, file, read } = testWorkspace();
    file(".gitignore", "data/\n");
    file("a", "a");
    file("model", "small");
    const { tree } = await checkpoints.capture(never);
    file("a", "changed");
    rmSync(join(path, "model"));
    file("model/data/of a user", "cannot be count again");
    const now = await checkpoints.capture(never);
    await assert.rejects(checkpoints.restore(now.tree, tree, never), { code: "checkpoint_failed" });
    assert.deepEqual([read("a"), read("model/data/of a user")], ["changed", "cannot be count again"]);
    // The same holds for what is written between the last capture and the restore.
    rmSync(join(path, "model"), { recursive: true });
    const again = await checkpoints.capture(never);
    file("a", "by a person, just now");
    await assert.rejects(checkpoints.restore(again.tree, tree, never), { code: "checkpoint_failed" });
    assert.equal(read("a"), "by a person, just now");
  });

  it("[V7] work in empty and read-only folders, and recover from a corrupt index and a stale lock of a killed git", async () => {
    const empty = testWorkspace();
    const none = (await empty.checkpoints.capture(never)).tree;
    empty.file("a", "a");
    chmodSync(empty.path, 0o555);
    const { tree } = await empty.checkpoints.capture(never);
    assert.deepEqual(
      (await empty.checkpoints.changes(none, tree, never)).map(({ status, path }) => [status, path]),
      [["added", "a"]],
    );
    chmodSync(empty.path, 0o755);
    const [folder = ""] = readdirSync(root).filter((name) =>
      readFileSync(join(root, name, "work", "index")).includes("a\0"),
    );
    for (const [name, text] of [
      ["index", "torn"],
      ["index.lock", ""],
    ] as const) {
      writeFileSync(join(root, folder, "work", name), text);
    }
    assert.equal((await store.forWorkspace(empty.path).capture(never)).tree, tree);
  });

  it("[V8] report renames, modes, links, binaries, line counts and patches, whatever the files contain", async () => {
    const { path, checkpoints, file } = testWorkspace();
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join("");
    file("old name", lines);
    file("tool", "#!/bin/sh\n");
    file("binary", Uint8Array.from([0, 1, 2, 255]));
    file("link", "will be one");
    file("text", "one\ntwo\n");
    const { tree } = await checkpoints.capture(never);
    rmSync(join(path, "old name"));
    file("new\nname", `${lines}more\n`);
    chmodSync(join(path, "tool"), 0o755);
    file("binary", Uint8Array.from([0, 1, 2, 254]));
    rmSync(join(path, "link"));
    symlinkSync("text", join(path, "link"));
    file("text", "one\n\rdiff --git a/x b/x\n\u2028diff --git a/x b/x\nthree\n");
    file("x\u202Ey", "");
    const { files, ...sums } = await checkpoints.patches(tree, (await checkpoints.capture(never)).tree, never);
    assert.deepEqual(sums, { changed_files: 6, added_lines: 5, deleted_lines: 2, truncated: false });
    const changes = files.map(({ patch: _patch, truncated: _truncated, ...rest }) => rest);
    const none = { binary: false, added_lines: 0, deleted_lines: 0 };
    assert.deepEqual(changes, [
      { status: "modified", path: "binary", ...none, binary: true },
      {
        status: "type_changed",
        path: "link",
        old_mode: "100644",
        mode: "120000",
        ...none,
        added_lines: 1,
        deleted_lines: 1,
      },
      { status: "renamed", path: "new\nname", old_path: "old name", ...none, added_lines: 1 },
      { status: "modified", path: "text", ...none, added_lines: 3, deleted_lines: 1 },
      { status: "modified", path: "tool", old_mode: "100644", mode: "100755", ...none },
      { status: "added", path: "x\u202Ey", ...none },
    ]);
    const patches = new Map(files.map((each) => [each.path, each.patch]));
    assert.equal(patches.get("binary"), null);
    assert.match(
      patches.get("link") ?? "",
      /^diff --git [\s\S]*deleted file mode 100644[\s\S]*\ndiff --git [\s\S]*new file mode 120000/,
    );
    assert.match(patches.get("new\nname") ?? "", /rename from old name\n[\s\S]*\n\+more\n$/);
    assert.match(patches.get("text") ?? "", /\n\+\rdiff --git a\/x b\/x\n\+\u2028diff --git a\/x b\/x\n\+three\n$/);
    assert.match(patches.get("x\u202Ey") ?? "", /new file mode 100644/);
  });

  it("[V8] limit a diff per file and in total, and report it", async () => {
    const { checkpoints, file } = testWorkspace();
    const { tree } = await checkpoints.capture(never);
    const line = `${"x".repeat(99)}\n`;
    file("a", line.repeat(3000));
    for (let each = 0; each < 20; each += 1) file(`b${each}`, `${each}\n${line.repeat(2600)}`);
    const { files, truncated } = await checkpoints.patches(tree, (await checkpoints.capture(never)).tree, never);
    assert.equal(truncated, true);
    assert.deepEqual([files[0]?.path, files[0]?.truncated, files[0]?.added_lines], ["a", true, 3000]);
    assert.ok((files[0]?.patch?.length ?? 0) > 200_000 && (files[0]?.patch?.length ?? 0) <= 256 * 1024);
    assert.deepEqual([files.length, files.at(-1)?.patch, files.at(-1)?.truncated], [21, null, true]);
  });
});

it("[V16] the first and the most recent checkpoints are retained, 200 in total; a fork has those up to its event; unreferenced ones are removed", async () => {
  const { path, checkpoints, file } = testWorkspace();
  file("a", "0");
  const { tree } = await checkpoints.capture(never);
  for (let event = 0; event < 300; event += 1) await checkpoints.retain("one", event, tree);
  const folder = shadowFolder(root, realpathSync(path));
  const eventsOf = (id: string) => readdirSync(join(folder, "refs/conversations", id)).map(Number);
  const events = eventsOf("one");
  assert.deepEqual([events.length, events[0], events[1], events.at(-1)], [200, 0, 101, 299]);
  await store.copyRefs("one", "fork", 150);
  assert.deepEqual([...(await checkpoints.retained("fork")).keys()], eventsOf("fork"));
  assert.deepEqual([eventsOf("fork")[0], eventsOf("fork").at(-1)], [0, 150]);
  await store.drop("one");
  assert.equal((await checkpoints.changes(tree, tree, never)).length, 0);
  await store.drop("fork");
  assert.equal(existsSync(folder), false);
  await assert.rejects(checkpoints.retain("one", 1, tree), { code: "checkpoint_failed" });
  assert.equal((await checkpoints.capture(never)).tree, tree, "a new repository is created");
});

it("[V16] the state of a removed workspace is dropped with its conversation, unless an agent is still working there", async () => {
  const idle = testWorkspace();
  const active = testWorkspace();
  active.checkpoints.activeConversations.add("c");
  for (const { path } of [idle, active]) rmSync(path, { recursive: true });
  await store.drop("c");
  assert.notEqual(store.forWorkspace(idle.path), idle.checkpoints);
  assert.equal(store.forWorkspace(active.path), active.checkpoints);
});

it("[V16] over the size limit the oldest checkpoints are dropped, and the retained ones stay intact", async () => {
  const { path, checkpoints, file } = testWorkspace();
  const folder = shadowFolder(root, path);
  const trees: string[] = [];
  for (let event = 0; event < 9; event += 1) {
    file("data", randomBytes(100_000));
    const { tree } = await checkpoints.capture(never);
    await checkpoints.retain("c", event, tree);
    const at = new Date(1_700_000_000_000 + event * 1000);
    utimesSync(join(folder, "refs/conversations/c", String(event).padStart(10, "0")), at, at);
    trees.push(tree);
  }
  await gc(openShadowGit(folder, path, runtimes), never, 500_000);
  assert.deepEqual(readdirSync(join(folder, "refs/conversations/c")).map(Number), [0, 5, 6, 7, 8]);
  const [first = "", second = ""] = trees;
  const last = trees.at(-1) ?? "";
  assert.equal((await checkpoints.changes(first, last, never)).length, 1);
  await assert.rejects(checkpoints.changes(second, last, never), { code: "checkpoint_failed" });
  await checkpoints.restore(last, first, never);
  assert.equal((await checkpoints.capture(never)).tree, first);
});

it(
  "[V2] files restored by a server running as root belong to the owner of the workspace",
  { skip: process.getuid?.() !== 0 },
  async () => {
    const nobody = 65_534;
    const { path, checkpoints, file } = testWorkspace();
    file("closed", "1", 0o600);
    for (const each of [path, join(path, "closed")]) chownSync(each, nobody, nobody);
    chmodSync(path, 0o700);
    const { tree, excluded } = await checkpoints.capture(never);
    assert.equal(excluded.unreadable, 0);
    rmSync(join(path, "closed"));
    await checkpoints.restore((await checkpoints.capture(never)).tree, tree, never);
    const { uid, mode } = lstatSync(join(path, "closed"));
    assert.deepEqual([uid, mode & 0o777], [nobody, 0o600]);
  },
);

it("[V18] callers that arrive before a capture begins share it, and one can abort without affecting the others", async () => {
  const { checkpoints, file } = testWorkspace();
  file("a", "a");
  const stop = new AbortController();
  const first = checkpoints.capture(never);
  const aborted = checkpoints.capture(stop.signal);
  const others = Promise.all(Array.from({ length: 20 }, () => checkpoints.capture(never)));
  stop.abort();
  await assert.rejects(aborted, { code: "interrupted" });
  const { tree } = await first;
  const startedAt = performance.now();
  assert.ok((await others).every((each) => each.tree === tree));
  const sharedMs = performance.now() - startedAt;
  const alone = new AbortController();
  const one = checkpoints.capture(alone.signal);
  alone.abort();
  await assert.rejects(one, { code: "interrupted" });
  const againAt = performance.now();
  for (let run = 0; run < 20; run += 1) await checkpoints.capture(never);
  assert.ok(sharedMs < (performance.now() - againAt) / 2, "twenty callers do not cost twenty captures");
});

it("[V7] checkpoints work on the host runtime, without a sandbox", async () => {
  const own = makeFolders();
  try {
    const workspace = join(own.root, "workspace");
    mkdirSync(workspace);
    const checkpoints = openCheckpointStore(own.options.dataHome, hostRuntimes(own.options)).forWorkspace(workspace);
    writeFileSync(join(workspace, "a"), "a\n");
    const { tree } = await checkpoints.capture(never);
    rmSync(join(workspace, "a"));
    await checkpoints.restore((await checkpoints.capture(never)).tree, tree, never);
    assert.equal(readFileSync(join(workspace, "a"), "utf8"), "a\n");
  } finally {
    own.remove();
  }
});

it("[T14] dropping the checkpoints of a large repository never holds the event loop for 50 ms", async () => {
  const own = makeFolders();
  try {
    const { dataHome } = own.options;
    const workspace = join(own.root, "workspace");
    mkdirSync(workspace);
    const checkpointStore = openCheckpointStore(dataHome, hostRuntimes(own.options));
    const checkpoints = checkpointStore.forWorkspace(workspace);
    const { tree } = await checkpoints.capture(never);
    const folder = shadowFolder(join(dataHome, "checkpoints"), workspace);
    for (let event = 0; event < 200; event += 1) await checkpoints.retain("c", event, tree);
    for (let each = 0; each < 256; each += 1) {
      const objects = join(folder, "objects", each.toString(16).padStart(2, "0"));
      mkdirSync(objects, { recursive: true });
      for (let at = 0; at < 60; at += 1) writeFileSync(join(objects, `${at}`.padStart(38, "0")), "");
    }
    // A removal that a crash interrupted is completed at the next start.
    const interrupted = `${folder}-x.removed`;
    mkdirSync(join(interrupted, "objects"), { recursive: true });
    const { longestMs } = await watchEventLoop(async () => {
      await checkpointStore.copyRefs("c", "fork", 150);
      await checkpointStore.drop("fork");
      assert.ok(existsSync(folder));
      await checkpointStore.drop("c");
    });
    assert.ok(longestMs < 50, `the longest turn took ${longestMs} ms`);
    openCheckpointStore(dataHome, hostRuntimes(own.options));
    while (existsSync(interrupted)) await new Promise(setImmediate);
    assert.deepEqual(readdirSync(join(dataHome, "checkpoints")), []);
  } finally {
    own.remove();
  }
});

it("[V16] checkpoints that an earlier version kept in DECKHAND_HOME/snapshots are still there", async () => {
  const own = makeFolders();
  try {
    const { dataHome } = own.options;
    const workspace = join(own.root, "workspace");
    mkdirSync(workspace);
    const earlier = openCheckpointStore(dataHome, hostRuntimes(own.options)).forWorkspace(workspace);
    const { tree } = await earlier.capture(never);
    await earlier.retain("c", 1, tree);
    renameSync(join(dataHome, "checkpoints"), join(dataHome, "snapshots"));
    const now = openCheckpointStore(dataHome, hostRuntimes(own.options)).forWorkspace(workspace);
    assert.ok(await now.isRetained("c", 1, tree));
    assert.equal((await now.capture(never)).tree, tree);
  } finally {
    own.remove();
  }
});
