import assert from "node:assert/strict";
import { test } from "node:test";
import { DeckhandError, errorCodes, errorKinds, type ErrorCode } from "./errors.ts";

test("[P13] every code has a sentence of its own and says whether a retry can help", () => {
  const sentences = errorCodes.map((code) => errorKinds[code].sentence);
  assert.equal(new Set(sentences).size, errorCodes.length);
  for (const [index, sentence] of sentences.entries()) assert.match(sentence, /^[A-Z].*\.$/s, errorCodes[index]);
  for (const code of errorCodes) assert.match(code, /^[a-z]+(_[a-z]+)*$/);
});

test("[P13] codes that end the socket have a close code; those after which a client reconnects are retryable", () => {
  const closing = errorCodes.flatMap((code) => {
    const kind: { retryable: boolean; close?: number } = errorKinds[code];
    return kind.close === undefined ? [] : [[code, kind.close, kind.retryable]];
  });
  assert.deepEqual(closing, [
    ["frame_too_large", 1009, false],
    ["too_fast", 4429, true],
    ["not_reading", 1013, true],
    ["shutting_down", 1012, true],
    ["unauthorized", 4401, false],
    ["forbidden", 4403, false],
  ]);
});

test("[P13] an error carries its code, its cause, and the sentence of the code unless a message is given", () => {
  const cause = new Error("EACCES");
  const plain = new DeckhandError("store_failed", undefined, { cause });
  assert.deepEqual(
    [plain.code, plain.message, plain.retryable, plain.cause, plain.name],
    ["store_failed", errorKinds.store_failed.sentence, true, cause, "DeckhandError"],
  );
  assert.equal(new DeckhandError("no_match", "Not in a.txt.").message, "Not in a.txt.");
  const code: ErrorCode = plain.code;
  assert.ok(errorCodes.includes(code));
});
