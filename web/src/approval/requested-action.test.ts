import assert from "node:assert/strict";
import { test } from "node:test";
import { action, actionArgs, type ActionKind } from "@deckhand/protocol";
import { requestedActionOf, changedLines } from "./requested-action.ts";

const requested = (kind: ActionKind, args: object) =>
  requestedActionOf({ ...action("agent", kind, actionArgs[kind].parse(args) as never), id: 1, timestamp: "" });

test("[UP9] the requested action is shown completely: commands with all arguments, changes by line, URLs with their host", () => {
  assert.deepEqual(requested("run", { command: "make\nmake install" }), {
    type: "command",
    command: "make\nmake install",
    more: "",
  });
  assert.deepEqual(requested("run", { command: "cat", input: "secret", timeout: 9, background: true }), {
    type: "command",
    command: "cat",
    more: "timeout: 9\ninput: secret\nbackground: true",
  });
  assert.deepEqual(requested("edit", { path: "a", old_str: "one\ntwo", new_str: "one\n2", replace_all: true }), {
    type: "change",
    path: "a",
    lines: [
      { sign: " ", text: "one" },
      { sign: "-", text: "two" },
      { sign: "+", text: "2" },
    ],
    more: "replace_all: true",
  });
  const write = requested("write", { path: "/etc/x", content: "a\nb", start: 3 });
  assert.ok(write.type === "change" && write.more === "start: 3\nend: -1");
  assert.deepEqual(requested("browse", { url: "https://a.example@evil.example/x" }), {
    type: "address",
    host: "evil.example",
    url: "https://a.example@evil.example/x",
  });
  const call = requested("call_tool", { server: "git", name: "push", arguments: { force: true } });
  assert.ok(call.type === "call" && call.name === "git · push" && call.args.includes('"force": true'));
  const other = requested("run_ipython", { code: "1\u202E2" });
  assert.ok(other.type === "other" && other.text.includes("⟨U+202E⟩"));
});

test("[UP9] a change contains every line of both versions once", () => {
  const sides = [
    ["", ""],
    ["a", ""],
    ["", "a\nb"],
    ["a\na\na", "a\na"],
    ["x\ny\nz", "x\nz"],
    ["a\nb", "b\na"],
  ] as const;
  for (const [before, after] of sides) {
    const lines = changedLines(before, after);
    const side = (excluded: string): string =>
      lines
        .filter(({ sign }) => sign !== excluded)
        .map(({ text }) => text)
        .join("\n");
    assert.deepEqual([side("+"), side("-")], [before, after]);
  }
});
