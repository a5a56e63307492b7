import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { parseFrame } from "./parse-frame.ts";

const code = (text: string | undefined): string => {
  try {
    parseFrame(text);
    return "taken";
  } catch (error) {
    return error instanceof DeckhandError ? error.code : String(error);
  }
};

test("[W10] brackets and quotes inside strings do not count as nesting", () => {
  const text = `${"[{".repeat(500)}"\\`;
  const frame = { action: "message", args: { content: text, more: `${text}"\\\\` } };
  assert.deepEqual(parseFrame(JSON.stringify(frame)), frame);
});

test("[W10] a frame of the longest length is judged without holding the process up", () => {
  const length = 8 * 1024 * 1024;
  const frames: readonly (readonly [string, string])[] = [
    ["[".repeat(length), "bad_frame"],
    ['{"a":'.repeat(length / 5), "bad_frame"],
    [`[${"[],".repeat(length / 3)}1]`, "bad_frame"],
    [`{"a":[${"1,".repeat(length / 2)}1]}`, "bad_frame"],
    [JSON.stringify({ a: "\\".repeat(length / 2) }), "taken"],
    [JSON.stringify({ a: '"'.repeat(length / 2) }), "taken"],
    [`"${"\\".repeat(length)}`, "bad_json"],
    ['"'.repeat(length), "bad_json"],
  ];
  for (const [text, expected] of frames) {
    const began = performance.now();
    assert.equal(code(text), expected);
    // 30 ms at worst on a quiet machine; parsing the first takes 700 ms.
    assert.ok(performance.now() - began < 350, text.slice(0, 20));
  }
});

test("[W10] what JSON allows is taken, and what it does not is bad_json", () => {
  assert.deepEqual(parseFrame(' {"a": [1, {"b": null}]} '), { a: [1, { b: null }] });
  for (const text of ["", "{", "{'a':1}", '{"a":1}{', "undefined", '"']) assert.equal(code(text), "bad_json", text);
  for (const text of ["[]", "null", "1", '"a"', "true"]) assert.equal(code(text), "bad_frame", text);
  assert.equal(code(undefined), "binary_frame");
});
