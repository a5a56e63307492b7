import assert from "node:assert/strict";
import { test } from "node:test";
import { isLeap } from "./leap.mjs";

for (const [year, expected] of [
  [2015, false],
  [1996, true],
  [2100, false],
  [2000, true],
]) {
  test(`${year} is ${expected ? "a" : "no"} leap year`, () => assert.equal(isLeap(year), expected));
}
