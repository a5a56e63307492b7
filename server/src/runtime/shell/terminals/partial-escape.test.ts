import assert from "node:assert/strict";
import { test } from "node:test";
import { partialEscape } from "./partial-escape.ts";

test("[UW3] finds an incomplete control sequence at the end of the output, and ignores complete ones", () => {
  for (const incomplete of [
    "\x1b",
    "\x1b[",
    "\x1b[38;5",
    "\x1b[?1",
    "\x1b]0;title",
    "\x1b]8;;http://a/\x1b",
    "\x1bP$q",
    "\x1b(",
  ]) {
    assert.equal(partialEscape(`text ${incomplete}`), incomplete);
  }
  for (const complete of [
    "",
    "\x1b[m",
    "\x1b[38;5;1m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://a/\x1b\\",
    "\x1b(B",
    "\x1b7",
  ]) {
    assert.equal(partialEscape(`text ${complete} `), "");
    assert.equal(partialEscape(`text ${complete}`), "");
  }
});
