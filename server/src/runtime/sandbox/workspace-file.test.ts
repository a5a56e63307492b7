import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inParentFolder, readWorkspaceFile, type WorkspaceFile } from "./workspace-file.ts";

const folder = mkdtempSync(join(tmpdir(), "deckhand-file-"));
const root = join(folder, "workspace");
mkdirSync(join(root, "a/b"), { recursive: true });
after(() => rmSync(folder, { recursive: true }));

const read = (path: string, maxBytes = 64): Promise<WorkspaceFile> =>
  readWorkspaceFile(root, join(root, path), maxBytes);
const text = (file: WorkspaceFile): string => (file.type === "content" ? file.bytes.toString() : file.type);

test("[Y12] a regular file is read, and only up to the limit", async () => {
  writeFileSync(join(root, "a/b/file"), "0123456789");
  assert.equal(text(await read("a/b/file")), "0123456789");
  const start = await read("a/b/file", 4);
  assert.deepEqual([text(start), start.type === "content" && start.isComplete], ["0123", false]);
  const whole = await read("a/b/file", 10);
  assert.deepEqual([text(whole), whole.type === "content" && whole.isComplete], ["0123456789", true]);
  assert.equal((await read("a/none")).type, "missing");
  assert.equal((await read("none/file")).type, "missing");
});

test("[Y12] FIFOs, sockets, folders and links are refused at once, and the thread pool stays free", async () => {
  execFileSync("mkfifo", [join(root, "fifo")]);
  symlinkSync("fifo", join(root, "to-fifo"));
  symlinkSync("a/b/file", join(root, "to-file"));
  symlinkSync(root, join(root, "to-root"));
  symlinkSync("/dev/zero", join(root, "to-zero"));
  const server = createServer().listen(join(root, "socket"));
  try {
    const began = performance.now();
    // More than libuv has threads.
    for (const name of ["fifo", "to-fifo", "socket", "a", "to-file", "to-zero", "to-root/a/b/file", "a/b/file/below"]) {
      const all = await Promise.all(Array.from({ length: 8 }, () => read(name)));
      assert.deepEqual([...new Set(all.map(({ type }) => type))], ["refused"], name);
    }
    await readdir(root);
    assert.ok(performance.now() - began < 1000);
  } finally {
    server.close();
  }
});

test("[Y12] a sparse file costs no more memory than the limit", async () => {
  const path = join(root, "sparse");
  writeFileSync(path, "");
  truncateSync(path, 400 * 1024 * 1024);
  const before = process.memoryUsage().rss;
  const file = await read("sparse", 1000);
  assert.equal(file.type === "content" && file.bytes.length, 1000);
  assert.ok(process.memoryUsage().rss - before < 50 * 1024 * 1024);
});

test("[Y12] a file outside the folder is refused, and a folder that becomes a link redirects nothing", async () => {
  writeFileSync(join(folder, "outside"), "secret");
  assert.equal((await read("../outside")).type, "refused");
  mkdirSync(join(root, "swap"));
  mkdirSync(join(folder, "victim"));
  writeFileSync(join(root, "swap/x"), "mine");
  writeFileSync(join(folder, "victim/x"), "theirs");
  await inParentFolder(root, join(root, "swap/x"), async (pinned) => {
    renameSync(join(root, "swap"), join(root, "swapped"));
    symlinkSync(join(folder, "victim"), join(root, "swap"));
    await unlink(pinned);
  });
  assert.equal(readFileSync(join(folder, "victim/x"), "utf8"), "theirs");
  assert.equal(existsSync(join(root, "swapped/x")), false);
});
