import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { toolFolders } from "./tool-folders.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "deckhand-tools-")));
after(() => rmSync(root, { recursive: true }));
const home = join(root, "home");
const checkout = join(root, "deckhand");
const dataHome = join(home, "data");
for (const folder of [
  "home/.pyenv/shims",
  "home/.nvm/versions/node/v24/bin",
  "home/.cargo/bin",
  "home/.rustup",
  "home/.local/bin",
  "home/.local/share/uv",
  "home/.local/share/keyrings",
  "home/.local/share/claude/versions/1",
  "home/.ssh",
  "home/.config/tool/bin",
  "home/project/bin",
  "home/project/src",
  "home/project/.venv/bin",
  "home/data/bin",
  "home/project/node_modules/.bin",
  "deckhand/node_modules/.bin",
  "deckhand/bin",
  "tools/node/bin",
  "tools/node/lib",
  "tools/node/etc",
  "tools/flat",
])
  mkdirSync(join(root, folder), { recursive: true });
writeFileSync(join(home, "project/.venv/pyvenv.cfg"), "");
writeFileSync(join(home, ".local/share/claude/versions/1/claude"), "");
symlinkSync(join(home, ".local/share/claude/versions/1/claude"), join(home, ".local/bin/claude"));
symlinkSync(join(root, "tools/node"), join(root, "current"));

function show(...entries: string[]) {
  const tools = toolFolders({ userHome: home, dataHome, checkout, path: [...entries, "/usr/bin"].join(":") });
  const folders = tools.mounts.map((mount) => mount.to.slice(root.length + 1));
  assert.ok(tools.mounts.every((mount) => mount.type === "read" && mount.from === mount.to));
  const path = tools.path
    .split(":")
    .filter((each) => each.startsWith(root))
    .map((each) => each.slice(root.length + 1));
  return { folders, path, env: tools.env };
}

it("[R33] shows the parts of a home that a tool needs, and tells the tool where it is", () => {
  const shown = show(join(home, ".pyenv/shims"), join(home, ".nvm/versions/node/v24/bin"), join(home, ".cargo/bin"));
  assert.deepEqual(shown.folders, ["home/.cargo/bin", "home/.nvm", "home/.pyenv", "home/.rustup"]);
  assert.deepEqual(shown.path, ["home/.pyenv/shims", "home/.nvm/versions/node/v24/bin", "home/.cargo/bin"]);
  assert.deepEqual(shown.env, {
    PYENV_ROOT: join(home, ".pyenv"),
    NVM_DIR: join(home, ".nvm"),
    RUSTUP_HOME: join(home, ".rustup"),
  });
});

it("[R33] shows the folders that programs in ~/.local/bin link to, and no others", () => {
  assert.deepEqual(show(join(home, ".local/bin")).folders, [
    "home/.local/bin",
    "home/.local/share/claude",
    "home/.local/share/uv",
  ]);
});

it("[R33] shows a folder elsewhere with the folders next to its bin, and a link under its real path", () => {
  assert.deepEqual(show(join(root, "current/bin"), join(root, "tools/flat")).folders, [
    "tools/flat",
    "tools/node/bin",
    "tools/node/lib",
  ]);
  assert.deepEqual(show(join(root, "current/bin")).path, ["tools/node/bin"]);
});

it("[R33] shows only the bin or the virtual environment of a project", () => {
  assert.deepEqual(show(join(home, "project/bin")).folders, ["home/project/bin"]);
  assert.deepEqual(show(join(home, "project/.venv/bin")).folders, ["home/project/.venv"]);
});

it("[R33] never shows homes, credentials, the server's data, the checkout or npm's additions to PATH", () => {
  const entries = [
    home,
    root,
    join(home, ".ssh"),
    join(home, ".config/tool/bin"),
    dataHome,
    join(dataHome, "bin"),
    join(checkout, "bin"),
    join(checkout, "node_modules/.bin"),
    join(home, "project/node_modules/.bin"),
    "/",
    "relative/bin",
    ".",
    "",
    "/no/such/folder",
    join(home, "project/../.ssh"),
  ];
  for (const entry of entries) assert.deepEqual(show(entry), { folders: [], path: [], env: {} }, entry);
});
