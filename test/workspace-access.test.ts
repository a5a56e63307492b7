import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/**
 * Where the server opens files itself, by what they are. None is at a path that a command can write to, except through
 * workspace-file.ts. What a conversation's commands see is read and written by its runtime.
 */
const openers: Readonly<Record<string, readonly string[]>> = {
  "Files of the program itself": [
    "agent/approval/bash-parse.ts",
    "checkpoints/restore.ts",
    "checkpoints/scan.ts",
    "conversation/state-cache.ts",
    "http/web-ui.ts",
    "runtime/container/channel-encoding.ts",
    "runtime/sandbox/self-test/self-test.ts",
  ],
  "The user's settings": [
    "agent/definitions/load.ts",
    "agent/instructions/user-instructions.ts",
    "llm/resolve/entries.ts",
    "llm/scripted/script.ts",
    "settings/settings-file.ts",
  ],
  "The server's data, in folders that no sandbox sees": [
    "checkpoints/file-modes.ts",
    "checkpoints/retention.ts",
    "checkpoints/shadow-git.ts",
    "files/incoming.ts",
    "files/uploads.ts",
    "mcp/logins.ts",
    "runtime/container/docker/old-containers.ts",
    "runtime/container/kubernetes/kubernetes.ts",
    "store/home.ts",
    "workspaces/folder-locks.ts",
  ],
  "A folder that is read-only inside": ["runtime/shell/output/output-file.ts", "runtime/shell/shell-streams.ts"],
  "A folder that was just made, before any command runs": [
    "runtime/container/escape-checks.ts",
    "runtime/sandbox/self-test/targets.ts",
    "runtime/shell/pipe.ts",
  ],
  "The system: /proc, /sys, /etc": [
    "http/auth/local-peer.ts",
    "runtime/network/namespace.ts",
    "runtime/network/ports/listening-ports.ts",
    "runtime/processes.ts",
    "runtime/sandbox/limits/cgroup-paths.ts",
    "runtime/sandbox/limits/cgroup.ts",
    "runtime/sandbox/mounts/hidden-sockets.ts",
    "runtime/sandbox/mounts/system-files.ts",
  ],
  "A workspace": [
    "runtime/sandbox/workspace-file.ts",
    // A new file (O_EXCL) in a folder that workspace-file.ts has opened.
    "runtime/sandbox/mounts/commondir-guard.ts",
    // `deckhand replay` copies a folder before any command runs, without what is no file, folder or link.
    "main/replay-file.ts",
  ],
};

const opening =
  /^(?:open|openAsBlob|readFile|writeFile|appendFile|copyFile|cp|truncate|createReadStream|createWriteStream)(?:Sync)?$/;

/** Whether a source file opens files with node:fs. An import that hides which functions are used counts. */
function opensFiles(source: string): boolean {
  const mentions = [...source.matchAll(/["'`](?:node:)?fs(?:\/promises)?["'`]/g)].length;
  const imports = [...source.matchAll(/^import (type )?\{([^{}]*)\} from "node:fs(?:\/promises)?";$/gm)];
  const names = imports.flatMap(([, type, list = ""]) => (type === undefined ? list.split(",") : []));
  return (
    imports.length !== mentions ||
    names.some((name) => opening.test(name.trim().split(" ")[0] ?? "") || name.trim().startsWith("promises"))
  );
}

test("[Y12] the server opens files only where none can be a command's", () => {
  const server = join(root, "server/src");
  const sources = readdirSync(server, { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.[cm]?[jt]s$/.test(name) && !/\.(?:test|test-kit|contract|child)\./.test(name),
  );
  const found = sources.filter((name) => opensFiles(readFileSync(join(server, name), "utf8")));
  assert.deepEqual(
    found.map((name) => relative(".", name)).toSorted(),
    Object.values(openers).flat().toSorted(),
    "Read workspace files with readWorkspaceFile or the runtime. Add other files to the list, with what they open.",
  );
});

test("[Y12] an access that is planted is found, however it is imported", () => {
  for (const planted of [
    'import { readFile } from "node:fs/promises";',
    'import { stat, open as openFile } from "node:fs/promises";',
    'import {\n  lstat,\n  createReadStream,\n} from "node:fs";',
    'import { promises } from "node:fs";',
    'import * as fs from "node:fs";',
    'import fs from "fs";',
    'const { readFileSync } = await import("node:fs");',
    'process.getBuiltinModule("node:fs").readFileSync(path)',
  ]) {
    assert.equal(opensFiles(planted), true, planted);
  }
  for (const harmless of ['import { lstat, readdir } from "node:fs/promises";', 'import type { open } from "node:fs";'])
    assert.equal(opensFiles(harmless), false, harmless);
});
