import assert from "node:assert/strict";
import { test } from "node:test";
import { partialEscape } from "./partial-escape.ts";

test("[UW3] a control sequence that has begun at the end is found, and a whole one is not", () => {
  for (const begun of [
    "\x1b",
    "\x1b[",
    "\x1b[38;5",
    "\x1b[?1",
    "\x1b]0;title",
    "\x1b]8;;http://a/\x1b",
    "\x1bP$q",
    "\x1b(",
  ]) {
    assert.equal(partialEscape(`text ${begun}`), begun);
  }
  for (const whole of [
    "",
    "\x1b[m",
    "\x1b[38;5;1m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://a/\x1b\\",
    "\x1b(B",
    "\x1b7",
  ]) {
    assert.equal(partialEscape(`text ${whole} `), "");
    assert.equal(partialEscape(`text ${whole}`), "");
  }
});
