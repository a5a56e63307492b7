import assert from "node:assert/strict";
import { test } from "node:test";
import { action, actionArgs, DeckhandError } from "@deckhand/protocol";
import { findCoveringRules } from "./rules.ts";
import { normalizeRule } from "./normalize-rule.ts";

const run = (command: string) => action("agent", "run", actionArgs.run.parse({ command }));

test("[Q20] a rule written by hand is converted to its canonical form", async () => {
  for (const [kind, pattern, canonical] of [
    ["run", "  git   status ", "git status"],
    ["run", 'rm "a b"', "rm 'a b'"],
    ["run", "npm run *", "npm run *"],
    ["run", " npm  'run'  * ", "npm run *"],
    ["browse", "https://Example.org:443/a?b", "https://example.org"],
    ["write", "/w/../etc/x", "/etc/x"],
    ["search", "*", "*"],
    ["call_tool", "github__create_issue", "github__create_issue"],
  ] as const) {
    assert.deepEqual(await normalizeRule({ action: kind, pattern }), { action: kind, pattern: canonical });
    assert.deepEqual(
      await normalizeRule({ action: kind, pattern: canonical }),
      { action: kind, pattern: canonical },
      "again",
    );
  }
  const rule = await normalizeRule({ action: "run", pattern: "npm  run *" });
  assert.deepEqual(await findCoveringRules(run("npm run build -- --fast"), "/w", [rule]), [rule]);
  assert.equal(await findCoveringRules(run("npm run build > x"), "/w", [rule]), null);
  assert.equal(await findCoveringRules(run("npm run build && rm a"), "/w", [rule]), null);
});

test("[Q20] an invalid rule is rejected with a message that says what to write", async () => {
  for (const [kind, pattern] of [
    ["run", ""],
    ["run", "*"],
    ["run", "git *"],
    ["run", "rm -rf *"],
    ["run", "rm ./a *"],
    ["run", "bash *"],
    ["run", "env git status"],
    ["run", "/bin/sh x"],
    ["run", "git status; rm a"],
    ["run", "git status > x"],
    ["run", "git $x"],
    ["run", "git 'a *"],
    ["run", "git status * *"],
    ["run", `ls ${"a".repeat(5000)}`],
    ["browse", "example.org"],
    ["browse", "file:///etc"],
    ["browse", "https://a@example.org/"],
    ["write", "a"],
    ["write", "/a\0b"],
    ["search", "x"],
    ["call_tool", "github__*"],
    ["call_tool", "*"],
    ["think", "*"],
    ["__proto__", "*"],
  ] as const) {
    await assert.rejects(
      normalizeRule({ action: kind, pattern }),
      (error) => error instanceof DeckhandError && error.code === "bad_args" && error.message.length > 20,
      `${kind} ${pattern}`,
    );
  }
});
