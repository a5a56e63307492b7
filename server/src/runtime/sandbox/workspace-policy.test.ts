import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { checkWorkspace } from "./workspace-policy.ts";

const root = mkdtempSync(join(tmpdir(), "deckhand-workspace-"));
const options = { dataHome: join(root, "user", "data"), userHome: join(root, "user"), path: "" };
mkdirSync(options.dataHome, { recursive: true });
after(() => rmSync(root, { recursive: true }));

it("[R32] rejects a folder that contains a home, the server's data or the system", async () => {
  symlinkSync(options.userHome, join(root, "link"));
  const refused = [
    "/",
    "/etc",
    "/etc/nginx",
    "/usr",
    "/usr/bin",
    "/usr/local/bin",
    "/usr/share/x",
    "/bin",
    "/lib/x",
    "/home",
    "/home/somebody",
    "/root",
    "/tmp",
    "/var",
    "/proc/1",
    "/sys",
    "/dev/shm",
    "/run/x",
    "/opt",
    root,
    options.userHome,
    options.dataHome,
    join(options.userHome, ".ssh"),
    join(options.userHome, ".ssh/x"),
    join(options.userHome, ".config/x"),
    join(root, "link"),
    join(root, "link", "data"),
    join(options.dataHome, "x", ".."),
    join(options.dataHome, "conversations"),
    join(options.dataHome, "conversations", "x"),
    join(options.dataHome, "conversations", "x", "home"),
    join(options.dataHome, "making", "x"),
    join(options.dataHome, "uploads"),
    join(options.dataHome, "sandbox"),
  ];
  for (const path of refused) {
    await assert.rejects(
      checkWorkspace(path, options),
      (error: unknown) =>
        error instanceof DeckhandError && error.code === "sandbox_unavailable" && error.message.includes("Choose"),
      path,
    );
  }
});

it("[R32] accepts a dedicated folder, also in the server's data, and creates it if missing", async () => {
  for (const path of [
    join(options.dataHome, "workspace"),
    join(options.dataHome, "conversations", "x", "workspace"),
    join(options.userHome, "projects/one"),
    join(root, "other"),
  ]) {
    const checked = await checkWorkspace(path, options);
    assert.equal(checked.path, path);
    assert.equal(checked.uid, statSync(path).uid);
  }
  symlinkSync(join(root, "other"), join(root, "to-other"));
  assert.equal((await checkWorkspace(join(root, "to-other"), options)).path, join(root, "other"));
});
