import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DeckhandError } from "@deckhand/protocol";
import { chunksOf, playScript, readScript, scriptReply, scriptSchema } from "./script.ts";
import type { ScriptInput } from "./script.ts";

/** The texts or statuses of the replies to a list of requests, each given by its number of replies and its task. */
function played(script: ScriptInput, requests: readonly (readonly [replies: number, task?: string])[]) {
  const play = playScript(scriptSchema.parse(script));
  return requests.map(([replies, task = "task"]) => {
    const reply = play({ replies, task });
    return reply.text ?? reply.status ?? (reply.hang ? "hang" : "nothing");
  });
}

test("[M24] the position in a script is the number of model replies in the request", () => {
  const script: ScriptInput = { replies: [{ text: "a" }, { text: "b" }, { text: "c" }] };
  assert.deepEqual(played(script, [[0], [1], [2], [0, "another"], [1], [1]]), ["a", "b", "c", "a", "b", "b"]);
});

test("[M24] each failure is played once, before the reply it precedes", () => {
  const script: ScriptInput = {
    replies: [{ status: 429 }, { hang: true }, { text: "a" }, { text: "b" }, {}, { text: "c" }, { status: 500 }],
  };
  assert.deepEqual(played(script, [[0], [0], [0], [0], [1], [2], [2], [3], [3]]), [
    429,
    "hang",
    "a",
    "a",
    "b",
    "nothing",
    "c",
    500,
    "The script has no more replies.",
  ]);
  // Another conversation has its own failures.
  assert.deepEqual(
    played(script, [
      [0, "x"],
      [0, "y"],
      [0, "x"],
      [0, "y"],
      [0, "x"],
      [0, "y"],
    ]),
    [429, 429, "hang", "hang", "a", "a"],
  );
});

test("[M24] after its end a script sends a text, an error, the last reply, or starts over", () => {
  const replies = [{ text: "a" }, { text: "b" }];
  assert.deepEqual(played({ replies }, [[2]]), ["The script has no more replies."]);
  assert.deepEqual(played({ replies, after: "error" }, [[2]]), [400]);
  assert.deepEqual(played({ replies, after: "repeat_last" }, [[2], [9]]), ["b", "b"]);
  assert.deepEqual(played({ replies, after: "loop" }, [[2], [3], [4]]), ["a", "b", "a"]);
  assert.deepEqual(played({ replies: [{ status: 500 }], after: "repeat_last" }, [[0], [0], [0]]), [500, 500, 500]);
  assert.deepEqual(played({ replies: [{ status: 500 }], after: "loop" }, [[0], [0]]), [500, 500]);
  assert.deepEqual(played({}, [[0]]), ["The script has no more replies."]);
});

test("[M24] a conversation whose first message matches a script of its own gets that one", () => {
  const script: ScriptInput = {
    replies: [{ text: "any" }],
    conversations: [
      { when: "fix the test", replies: [{ text: "fix" }] },
      { when: "test", replies: [{ text: "other" }] },
    ],
  };
  assert.deepEqual(
    played(script, [
      [0, "please fix the test"],
      [0, "a test"],
      [0, "hi"],
    ]),
    ["fix", "other", "any"],
  );
});

test("[M24] a reply is streamed in one chunk, or in chunks that split no character", () => {
  const reply = scriptReply.parse({
    reasoning: "hm",
    text: "ab😀cd",
    calls: [{ name: "run", arguments: { a: 1 } }],
    chunk_size: 3,
  });
  const chunks = chunksOf(reply, { replies: 4, task: "" });
  assert.deepEqual(chunks.slice(0, 3), [
    { of: "reasoning", text: "hm" },
    { of: "text", text: "ab😀" },
    { of: "text", text: "cd" },
  ]);
  const call = { of: "call", index: 0, id: "call_4_0", name: "run" };
  assert.deepEqual(chunks.slice(3), [
    { ...call, start: true, arguments: '{"a' },
    { ...call, start: false, arguments: '":1' },
    { ...call, start: false, arguments: "}" },
  ]);
  assert.equal(chunksOf(scriptReply.parse({ text: "x".repeat(5_000) }), { replies: 0, task: "" }).length, 1);
});

test("[M24] an invalid script fails with the place of the error, and without the file's content", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-script-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "script.json");
  const fails = async (text: string, message: RegExp) => {
    await writeFile(path, text);
    await assert.rejects(readScript(path), (error) => {
      assert.ok(error instanceof DeckhandError);
      assert.equal(error.code, "model_not_configured");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  };
  await fails("secret: not json", /is not valid JSON\.$/);
  await fails('{"replies": [{"texts": "secret"}]}', /is not a valid script: replies\.0: Unrecognized key: "texts"$/);
  await fails('{"replies": [{"status": "secret"}]}', /replies\.0\.status: /);
  await assert.rejects(readScript(join(folder, "none.json")), /could not be read/);
  await writeFile(path, '{"replies": [{"text": "hi"}]}');
  assert.equal((await readScript(path)).replies[0]?.text, "hi");
});
