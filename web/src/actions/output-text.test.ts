import assert from "node:assert/strict";
import { test } from "node:test";
import { shortenLines, stripColours } from "./output-text.ts";

test("[UC5] long output is shortened to its end, long text to its beginning, and terminal colours are removed", () => {
  const text = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
  assert.equal(shortenLines(text, 2, "end")?.text, "line 38\nline 39");
  assert.equal(shortenLines(`${text}\n`, 2, "start")?.text, "line 0\nline 1");
  assert.equal(shortenLines(text, 2, "start")?.lines, 40);
  assert.equal(shortenLines("a\nb\nc\nd\n", 2, "end"), undefined, "two more lines are shown instead of a button");
  assert.equal(stripColours("\u001B[1;31mred\u001B[0m"), "red");
});
