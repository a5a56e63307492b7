import assert from "node:assert/strict";
import { test } from "node:test";
import { action, actionArgs, type NewAction, type Settings } from "@deckhand/protocol";
import type { Effect } from "../tools/tool.ts";
import { questionFor, type ApprovalDefaults } from "./approval.ts";

const defaults: ApprovalDefaults = { policy: "risky", seconds: 60, sandboxed: true };
const run = action("agent", "run", actionArgs.run.parse({ command: "ls" }));
const browse = action("agent", "browse", { url: "https://example.org/a", thought: "" });
const read = action("agent", "read", actionArgs.read.parse({ path: "/etc/hosts" }));
const write = (path: string): NewAction => action("agent", "write", actionArgs.write.parse({ path, content: "" }));

async function reasons(
  event: NewAction,
  effect: Effect,
  settings: Settings = {},
  more: Partial<ApprovalDefaults> = {},
) {
  const question = await questionFor(event, effect, "/w", { settings, rules: [] }, { ...defaults, ...more });
  return question?.reasons ?? null;
}

test("[Q15] `risky` asks about the network, about writing outside the workspace, and about commands without a sandbox", async () => {
  assert.equal(await reasons(run, "execute"), null);
  assert.deepEqual(await reasons(run, "execute", {}, { sandboxed: false }), ["It runs without a sandbox."]);
  assert.deepEqual(await reasons(browse, "network"), ["It reaches the network."]);
  assert.equal(await reasons(read, "read"), null);
  for (const path of ["a", "./a/../b", "/w/a", "/w"]) assert.equal(await reasons(write(path), "write"), null, path);
  for (const path of ["../a", "/etc/a", "a/../../w2", "/w2/a", "/w/../a"]) {
    assert.deepEqual(await reasons(write(path), "write"), ["It writes outside the workspace."], path);
  }
});

test("[Q15] the conversation's settings go before the server's", async () => {
  assert.equal(await reasons(browse, "network", { approval: "never" }), null);
  assert.deepEqual(await reasons(read, "read", { approval: "always" }), ["Every action is asked about."]);
  assert.equal(await reasons(read, "read", { confirmation_mode: true }), null);
  const question = await questionFor(
    run,
    "execute",
    "/w",
    { settings: { confirmation_mode: true }, rules: [] },
    defaults,
  );
  assert.deepEqual(question, {
    reasons: ["Commands are asked about."],
    rules: [{ action: "run", pattern: "ls" }],
    seconds: 60,
  });
  const known = { settings: { approval_seconds: 5 }, rules: [{ action: "browse", pattern: "https://example.org" }] };
  assert.equal(await questionFor(browse, "network", "/w", known, defaults), null);
});
