import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { DeckhandError } from "@deckhand/protocol";
import { bubblewrapRuntimes } from "../../runtime/bubblewrap.ts";
import type { AnyOutcome } from "../tool.ts";
import { applyHunks } from "./apply-hunks.ts";
import { parsePatch, patchPaths, type Hunk } from "./parse.ts";
import { applyPatch } from "./apply-patch.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-patch-"));
const workspace = join(folder, "workspace");
await mkdir(workspace);
const path = process.env["DECKHAND_USER_PATH"] ?? process.env["PATH"] ?? "";
const runtime = await bubblewrapRuntimes({ dataHome: folder, userHome: homedir(), path }).create({
  workspace,
  home: join(folder, "home"),
});
after(async () => {
  await runtime[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const put = async (name: string, content: string): Promise<void> => writeFile(join(workspace, name), content);
const get = async (name: string): Promise<string> => readFile(join(workspace, name), "utf8");
async function patch(...lines: readonly string[]): Promise<AnyOutcome> {
  const text = ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
  const { value, done } = await applyPatch(text, runtime, new AbortController().signal).next();
  assert.ok(done === true);
  return value;
}
const fails = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof DeckhandError && error.code === code && message.test(error.message);
const hunksOf = (...lines: readonly string[]): readonly Hunk[] => {
  const [file] = parsePatch(["*** Update File: a", ...lines].join("\n"));
  assert.ok(file?.type === "update");
  return file.hunks;
};

test("[HN8] a patch adds, changes, moves and deletes files in one edit, and reports each of them", async () => {
  await put("change.py", "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 1\n");
  await put("old.sh", "echo old\necho stays\n");
  await chmod(join(workspace, "old.sh"), 0o755);
  await put("gone.txt", "gone\n");
  const outcome = await patch(
    "*** Add File: new/deep/file.txt",
    "+one",
    "+",
    "+three",
    "*** Update File: change.py",
    "@@     def g(self):",
    "-        return 1",
    "+        return 2",
    "*** Update File: old.sh",
    "*** Move to: moved/new.sh",
    "@@",
    "-echo old",
    "+echo new",
    " echo stays",
    "*** Delete File: gone.txt",
  );
  assert.ok(outcome.observation === "edit");
  assert.deepEqual(outcome.extras.files, [
    { path: "new/deep/file.txt", status: "added" },
    { path: "change.py", status: "modified" },
    { path: "moved/new.sh", status: "renamed", old_path: "old.sh" },
    { path: "gone.txt", status: "deleted" },
  ]);
  assert.match(outcome.content, /^-        return 1\n\+        return 2$/m);
  assert.equal(await get("new/deep/file.txt"), "one\n\nthree\n");
  assert.match(await get("change.py"), /f\(self\):\n        return 1\n\n    def g\(self\):\n        return 2\n$/);
  assert.equal(await get("moved/new.sh"), "echo new\necho stays\n");
  assert.equal((await stat(join(workspace, "moved/new.sh"))).mode & 0o777, 0o755);
  assert.ok(!existsSync(join(workspace, "old.sh")) && !existsSync(join(workspace, "gone.txt")));
});

test("[HN8] if one hunk does not match, nothing is changed and the nearest lines are shown", async () => {
  await put("a.txt", "one\ntwo\n");
  await put("b.txt", "three\nfour\n");
  const first = ["*** Update File: a.txt", "-one", "+1"];
  await assert.rejects(
    patch(...first, "*** Update File: b.txt", " three", "-for", "+4"),
    fails(
      "no_match",
      /This hunk was not found in b\.txt\. The nearest match is at line 1:[\s\S]*Line 2 differs: the hunk has "for", the file "four"/,
    ),
  );
  await assert.rejects(patch(...first, "*** Update File: none.txt", "-x"), fails("file_not_found", /none\.txt/));
  await assert.rejects(patch(...first, "*** Add File: b.txt", "+x"), fails("file_failed", /b\.txt already exists/));
  await assert.rejects(patch(...first, "*** Update File: b.txt", "*** Move to: a.txt"), fails("file_failed", /exists/));
  assert.deepEqual([await get("a.txt"), await get("b.txt")], ["one\ntwo\n", "three\nfour\n"]);
});

test("[HN8] if a write fails, the earlier writes are undone", async () => {
  await put("a.txt", "one\n");
  await put("gone.txt", "still here\n");
  await put("from.txt", "moved\n");
  const before = ["*** Update File: a.txt", "-one", "+1", "*** Delete File: gone.txt", "*** Add File: made.txt", "+x"];
  const moved = ["*** Update File: from.txt", "*** Move to: to.txt", "-moved", "+changed"];
  await assert.rejects(
    patch(...before, ...moved, "*** Add File: /usr/deckhand.txt", "+x"),
    fails("outside_workspace", /Malformed/),
  );
  assert.deepEqual(
    [await get("a.txt"), await get("gone.txt"), await get("from.txt")],
    ["one\n", "still here\n", "moved\n"],
  );
  assert.ok(!existsSync(join(workspace, "made.txt")) && !existsSync(join(workspace, "to.txt")));
});

test("[HN8] text around a patch is ignored, and an invalid patch is rejected with the reason", () => {
  const lines = ["*** Update File: a b.txt ", "@@ -1,2 +1,2 @@ def f():", "-x", "+y", "*** End of File", ""];
  const wrapped = ["apply_patch <<'EOF'", "*** Begin Patch", ...lines, "*** End Patch", "EOF"].join("\r\n");
  const [file, ...more] = parsePatch(wrapped);
  assert.deepEqual([file?.path, more], ["a b.txt", []]);
  assert.ok(file?.type === "update");
  const changes = [{ mark: "-", text: "x" } as const, { mark: "+", text: "y" } as const];
  assert.deepEqual(file.hunks, [{ below: ["def f():"], atEnd: true, lines: changes }]);
  assert.deepEqual(patchPaths(wrapped), ["a b.txt"]);
  for (const text of ["", "hello", "*** Update File: a\n", "*** Update File: a\nxyz", "*** Add File: a\nno plus"]) {
    assert.throws(() => parsePatch(text), fails("bad_tool_args", /Invalid patch\./), text);
  }
});

test("[HN8] a hunk is found after the previous one, exactly or ignoring whitespace, and context lines keep the file's text", () => {
  assert.equal(applyHunks("a", "x\nx\nx\n", [...hunksOf("-x", "+1", "@@", "-x", "+2")]), "1\n2\nx\n");
  assert.equal(applyHunks("a", "  a \n\tb\n", hunksOf(" a", "-b", "+\tc")), "  a \n\tc\n");
  assert.equal(applyHunks("a", "a\r\nb\r\n", hunksOf(" a", "-b", "+c")), "a\r\nc\r\n");
  assert.equal(applyHunks("a", "x\ny\nx", hunksOf("-x", "+z", "*** End of File")), "x\ny\nz");
  assert.equal(applyHunks("a", "a\n", hunksOf("+b")), "a\nb\n");
  assert.equal(applyHunks("a", "f:\n  1\ng:\n  1\n", hunksOf("@@ g:", "+  0")), "f:\n  1\ng:\n  0\n  1\n");
  assert.throws(() => applyHunks("a", "x\n", hunksOf("@@ nowhere", "-x")), fails("no_match", /below "nowhere"/));
});

test("[HN8] a patch for any set of changed lines yields the new text", () => {
  const line = fc.stringMatching(/^[a-z]{1,6}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(line, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.constantFrom("keep", "drop", "change")),
      (lines, ways) => {
        const edits = lines.map(() => ways.next().value as string);
        const hunk = lines.flatMap((text, at) =>
          edits[at] === "keep" ? [` ${text}`] : [`-${text}`, ...(edits[at] === "change" ? [`+${text}!`] : [])],
        );
        const newLines = lines.flatMap((text, at) =>
          edits[at] === "drop" ? [] : [edits[at] === "keep" ? text : `${text}!`],
        );
        const expected = newLines.map((text) => `${text}\n`).join("");
        assert.equal(applyHunks("a", lines.map((text) => `${text}\n`).join(""), hunksOf(...hunk)), expected);
      },
    ),
  );
});
