import assert from "node:assert/strict";
import { test } from "node:test";
import { sum } from "./sum.mjs";

test("sums", () => {
  assert.equal(sum([]), 0);
  assert.equal(sum([7]), 7);
  assert.equal(sum([1, 2, 3.5, -4]), 2.5);
});
