import assert from "node:assert/strict";
import { test } from "node:test";
import { actionArgs } from "../wire/actions.ts";
import { action } from "../build.ts";
import type { Action } from "../wire/event.ts";
import { exactAction, escapeInvisible } from "./exact.ts";

const stored = (event: object): Action => ({ ...event, id: 0, timestamp: "2026-01-01T00:00:00.000Z" }) as Action;

test("[Q16] invisible characters and direction marks in a command are made visible", () => {
  assert.equal(escapeInvisible("ls \u202Egnp.sh\u202C"), "ls ⟨U+202E⟩gnp.sh⟨U+202C⟩");
  assert.equal(
    escapeInvisible("a\u200Bb\u00ADc\u00A0d\u001B[2Ke\rf\u0000"),
    "a⟨U+200B⟩b⟨U+00AD⟩c⟨U+00A0⟩d⟨U+001B⟩[2Ke⟨U+000D⟩f⟨U+0000⟩",
  );
  assert.equal(escapeInvisible("\u{E0041}\u2028\uFEFF\u3164"), "⟨U+E0041⟩⟨U+2028⟩⟨U+FEFF⟩⟨U+3164⟩");
  assert.equal(escapeInvisible("grün 漢字 😀\n\tx y"), "grün 漢字 😀\n\tx y");
});

test("[Q16] an action is shown in full: a command with its input, a URL, or all arguments", () => {
  const run = (args: object): string => exactAction(stored(action("agent", "run", actionArgs.run.parse(args))));
  assert.equal(run({ command: "ls", thought: "hm" }), "ls");
  assert.equal(
    run({ command: "cat", input: "\u202Ex", background: true }),
    'cat\n{"input":"⟨U+202E⟩x","background":true}',
  );
  assert.equal(exactAction(stored(action("agent", "browse", { url: "http://a/", thought: "" }))), "http://a/");
  const write = action("agent", "write", actionArgs.write.parse({ path: "/a", content: "b" }));
  assert.deepEqual(JSON.parse(exactAction(stored(write))), { path: "/a", content: "b", start: 0, end: -1 });
});
