import assert from "node:assert/strict";
import { test } from "node:test";
import { diffLines } from "./diff-lines.ts";
import { shortenLines, stripColours } from "./output-text.ts";

test("[UC5] a diff is shown with the line numbers of both sides, without its head", () => {
  const text = "--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@ def f\n a\n-b\n+c\n+-d\n e\n\\ No newline at end of file\n";
  const { lines, added, deleted } = diffLines(text);
  assert.deepEqual([added, deleted], [2, 1]);
  assert.deepEqual(
    lines.map(({ type, text: line, before, after }) => [type, line, before, after]),
    [
      ["hunk", "def f", undefined, undefined],
      ["same", "a", 3, 3],
      ["deleted", "b", 4, undefined],
      ["added", "c", undefined, 4],
      ["added", "-d", undefined, 5],
      ["same", "e", 5, 6],
      ["hunk", "No newline at end of file", undefined, undefined],
    ],
  );
});

test("[UC5] of a long output its end is in sight, of a long text its beginning, and colours are left out", () => {
  const text = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
  assert.equal(shortenLines(text, 2, "end")?.text, "line 38\nline 39");
  assert.equal(shortenLines(`${text}\n`, 2, "start")?.text, "line 0\nline 1");
  assert.equal(shortenLines(text, 2, "start")?.lines, 40);
  assert.equal(shortenLines("a\nb\nc\nd\n", 2, "end"), undefined, "two more are rather shown");
  assert.equal(stripColours("\u001B[1;31mred\u001B[0m"), "red");
});
