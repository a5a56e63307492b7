import assert from "node:assert/strict";
import { test } from "node:test";
import { changedWords } from "./changed-words.ts";
import { markRanges } from "./diff-rows.ts";
import { countChanges, pairLines, parsePatch } from "./patch.ts";

const patch = `diff --git a/a.ts b/a.ts
index 1..2 100644
--- a/a.ts
+++ b/a.ts
@@ -1,4 +1,5 @@ function a() {
 one
-two
-three
+2
+
+3
 four
@@ -10 +11 @@
--- minus
\\ No newline at end of file
+++ plus
`;

test("[UC5][UW7] a unified diff is parsed into lines with the line numbers of both sides, whatever they begin with", () => {
  const [first, second] = parsePatch(patch);
  assert.equal(first?.heading, "function a() {");
  assert.deepEqual(
    first?.lines.map(({ kind, text, before, after }) => [kind, text, before, after]),
    [
      ["same", "one", 1, 1],
      ["deleted", "two", 2, undefined],
      ["deleted", "three", 3, undefined],
      ["added", "2", undefined, 2],
      ["added", "", undefined, 3],
      ["added", "3", undefined, 4],
      ["same", "four", 4, 5],
    ],
  );
  assert.deepEqual(second?.lines, [
    { kind: "deleted", text: "-- minus", before: 10, after: undefined, noNewline: true },
    { kind: "added", text: "++ plus", before: undefined, after: 11 },
  ]);
  assert.deepEqual(countChanges(parsePatch(patch)), { added: 4, deleted: 3 });
  assert.deepEqual(parsePatch(""), []);
});

test("[UW7] the split view shows deleted lines beside the lines that replace them", () => {
  const rows = pairLines(parsePatch(patch)[0]?.lines ?? []);
  assert.deepEqual(
    rows.map(({ left, right }) => [left?.text, right?.text]),
    [
      ["one", "one"],
      ["two", "2"],
      ["three", ""],
      [undefined, "3"],
      ["four", "four"],
    ],
  );
});

test("[UW7] the changed words of a line are marked unless nearly all of it changed", () => {
  const { before, after } = changedWords("const sum = a + b;", "const total = a + b + c;");
  const cut = (text: string, ranges: typeof before): readonly string[] =>
    ranges.map(({ from, to }) => text.slice(from, to));
  assert.deepEqual(cut("const sum = a + b;", before), ["sum"]);
  assert.deepEqual(cut("const total = a + b + c;", after), ["total", " + c"]);
  assert.deepEqual(changedWords("completely different", "nothing alike here"), { before: [], after: [] });
  assert.deepEqual(changedWords("same", "same"), { before: [], after: [] });
  const pieces = markRanges(
    [
      { text: "const ", classes: "k" },
      { text: "total", classes: "" },
    ],
    [{ from: 4, to: 8 }],
  );
  assert.deepEqual(
    pieces.map(({ text, marked: is }) => [text, is]),
    [
      ["cons", false],
      ["t ", true],
      ["to", true],
      ["tal", false],
    ],
  );
});
