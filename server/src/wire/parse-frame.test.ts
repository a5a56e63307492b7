import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { parseFrame } from "./parse-frame.ts";
import { cpuMs } from "../async/cpu-time.test-kit.ts";

const code = (text: string | undefined): string => {
  try {
    parseFrame(text);
    return "accepted";
  } catch (error) {
    return error instanceof DeckhandError ? error.code : String(error);
  }
};

test("[W10] brackets and quotes inside strings do not count as nesting", () => {
  const text = `${"[{".repeat(500)}"\\`;
  const frame = { action: "message", args: { content: text, more: `${text}"\\\\` } };
  assert.deepEqual(parseFrame(JSON.stringify(frame)), frame);
});

test("[W10] a frame of maximum size is checked without blocking the process", () => {
  const length = 8 * 1024 * 1024;
  const frames: readonly (readonly [string, string])[] = [
    ["[".repeat(length), "bad_frame"],
    ['{"a":'.repeat(length / 5), "bad_frame"],
    [`[${"[],".repeat(length / 3)}1]`, "bad_frame"],
    [`{"a":[${"1,".repeat(length / 2)}1]}`, "bad_frame"],
    [JSON.stringify({ a: "\\".repeat(length / 2) }), "accepted"],
    [JSON.stringify({ a: '"'.repeat(length / 2) }), "accepted"],
    [`"${"\\".repeat(length)}`, "bad_json"],
    ['"'.repeat(length), "bad_json"],
  ];
  for (const [text, expected] of frames) {
    const took = cpuMs(() => assert.equal(code(text), expected));
    // At most 30 ms as a rule; parsing the first frame would take 700 ms.
    assert.ok(took < 350, `${took} ms for ${text.slice(0, 20)}`);
  }
});

test("[W10] valid JSON objects are accepted, invalid JSON is bad_json", () => {
  assert.deepEqual(parseFrame(' {"a": [1, {"b": null}]} '), { a: [1, { b: null }] });
  for (const text of ["", "{", "{'a':1}", '{"a":1}{', "undefined", '"']) assert.equal(code(text), "bad_json", text);
  for (const text of ["[]", "null", "1", '"a"', "true"]) assert.equal(code(text), "bad_frame", text);
  assert.equal(code(undefined), "binary_frame");
});
