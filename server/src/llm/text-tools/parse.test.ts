import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ReplyPart } from "@deckhand/protocol";
import type { ToolSpec } from "../model.ts";
import { callAsText } from "./format.ts";
import { parseReply } from "./parse.ts";
import { cpuMs } from "../../async/cpu-time.test-kit.ts";

const tools: readonly ToolSpec[] = [
  {
    name: "write",
    description: "Writes.",
    parameters: {
      type: "object",
      properties: { path: { type: "string" }, content: { type: "string" }, start: { type: "integer" } },
    },
  },
];

const call = (name: string, args: object, index = 1): ReplyPart => ({
  type: "call",
  id: `call_${index}`,
  name,
  arguments: JSON.stringify(args),
});

test("[M28] calls are parsed with unescaped values, in the types of the tool's schema", () => {
  const text = `I write it.

<function=write>
<parameter=path>
a/b.sh
</parameter>
<parameter=content>
echo "</parameter> is no end"

</parameter>
<parameter=start>
3
</parameter>
</function>
<function=finish>
</function>`;
  assert.deepEqual(parseReply(text, tools), [
    { type: "text", text: "I write it." },
    call("write", { path: "a/b.sh", content: 'echo "</parameter> is no end"\n', start: 3 }),
    call("finish", {}, 2),
  ]);
});

test("[M28] any call written as text is parsed back unchanged", () => {
  const value = fc.string({ unit: "grapheme" }).filter((text) => !/<\/parameter>\s*(<|$)/.test(text));
  fc.assert(
    fc.property(value, value, fc.integer(), (path, content, start) => {
      const given = call("write", { path, content, start });
      assert.ok(given.type === "call");
      // A carriage return at either end is taken as part of the newline there.
      fc.pre(![path, content].some((text) => /^\r|\r$|^\n|\n$/.test(text)));
      assert.deepEqual(parseReply(callAsText(given), tools), [given]);
    }),
  );
});

test("[M29] the JSON format is parsed too, in tags or a code fence, with the mistakes that models make", () => {
  const expected = call("write", { path: "a", content: "b" });
  for (const text of [
    '<tool_call>\n{"name": "write", "arguments": {"path": "a", "content": "b"}}\n</tool_call>',
    "<tool_call>{'name': 'write', 'arguments': {'path': 'a', 'content': 'b',}}",
    '```json\n{"name": "write", "parameters": {"path": "a", "content": "b"}}\n```',
  ]) {
    assert.deepEqual(parseReply(text, tools), [expected], text);
  }
  const example = '```json\n{"name": "somebody", "age": 3}\n```';
  assert.deepEqual(parseReply(example, tools), [{ type: "text", text: example }]);
});

test("[M29] a missing end tag is accepted, but a truncated value is not a call", () => {
  const written = "<function=write>\n<parameter=path>\na\n</parameter>\n";
  assert.deepEqual(parseReply(written, tools), [call("write", { path: "a" })]);
  const cut = `${written}<parameter=content>\nhalf of`;
  assert.deepEqual(parseReply(cut, tools), [{ type: "text", text: cut }]);
});

test("[M29] calls in reasoning do not count, and text after the calls is dropped", () => {
  const text =
    "<think>I could <function=write>\n</function></think>\nNow.\n<function=finish>\n</function>\nResult of finish:\nAll is well.\n<function=write>\n</function>";
  assert.deepEqual(parseReply(text, tools), [
    { type: "reasoning", text: "I could <function=write>\n</function>" },
    { type: "text", text: "Now." },
    call("finish", {}),
  ]);
});

test("[M29] hostile text is parsed in linear time", () => {
  const took = cpuMs(() => {
    for (const piece of [
      "<tool_call>{",
      "<function=",
      "```json\n{",
      "<parameter=a>",
      "<function=a>\n<parameter=b>\n",
    ]) {
      parseReply(piece.repeat(20_000), tools);
    }
  });
  assert.ok(took < 2000, `${took} ms`);
});
