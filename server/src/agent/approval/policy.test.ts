import assert from "node:assert/strict";
import { test } from "node:test";
import { action, actionArgs, type ApprovalRule, type NewAction, type Settings } from "@deckhand/protocol";
import type { Effect } from "../../tools/tool.ts";
import { jobTool } from "../../tools/shell/job.ts";
import { evaluatePolicy, type ApprovalDefaults } from "./policy.ts";

const defaults: ApprovalDefaults = { policy: "risky", seconds: 60, sandboxed: true };
const run = action("agent", "run", actionArgs.run.parse({ command: "ls" }));
const browse = action("agent", "browse", { url: "https://example.org/a", thought: "" });
const read = action("agent", "read", actionArgs.read.parse({ path: "/etc/hosts" }));
const write = (path: string): NewAction => action("agent", "write", actionArgs.write.parse({ path, content: "" }));

interface PolicyOptions {
  readonly settings?: Settings;
  readonly rules?: readonly ApprovalRule[];
  readonly serverRules?: readonly ApprovalRule[];
  readonly defaults?: ApprovalDefaults;
}

function contextWith({
  settings = {},
  rules = [],
  serverRules = [],
  ...more
}: PolicyOptions): Parameters<typeof evaluatePolicy>[2] {
  const state = { settings, rules };
  return { workspace: "/w", state, defaults: more.defaults ?? defaults, serverRules: async () => serverRules };
}

async function reasons(
  event: NewAction,
  effect: Effect,
  settings: Settings = {},
  more: Partial<ApprovalDefaults> = {},
) {
  const decision = await evaluatePolicy(event, effect, contextWith({ settings, defaults: { ...defaults, ...more } }));
  return decision.type === "allow" ? null : decision.request.reasons;
}

test("[Q15] `risky` asks before network access, writes outside the workspace, and commands without a sandbox", async () => {
  assert.equal(await reasons(run, "execute"), null);
  assert.deepEqual(await reasons(run, "execute", {}, { sandboxed: false }), ["no_sandbox"]);
  assert.deepEqual(await reasons(browse, "network"), ["network"]);
  assert.equal(await reasons(read, "read"), null);
  for (const path of ["a", "./a/../b", "/w/a", "/w"]) assert.equal(await reasons(write(path), "write"), null, path);
  for (const path of ["../a", "/etc/a", "a/../../w2", "/w2/a", "/w/../a"]) {
    assert.deepEqual(await reasons(write(path), "write"), ["outside_workspace"], path);
  }
});

test("[O13] input to a job needs an approval like a command; checking a job does not", async () => {
  const { effect } = jobTool;
  const job = (args: object) => action("agent", "job", actionArgs.job.parse({ id: "j1", ...args }));
  const reasonsForJob = (args: object, settings: Settings, sandboxed = true) =>
    reasons(job(args), effect(actionArgs.job.parse({ id: "j1", ...args })), settings, { sandboxed });
  for (const args of [{ input: "rm -r .\n" }, { keys: ["enter"] }]) {
    assert.deepEqual(await reasonsForJob(args, {}, false), ["no_sandbox"]);
    assert.deepEqual(await reasonsForJob(args, { confirmation_mode: true }), ["confirmation_mode"]);
    assert.equal(await reasonsForJob(args, {}), null);
  }
  for (const args of [{}, { wait: 9 }, { signal: "KILL" }, { rows: 9, cols: 9 }]) {
    assert.equal(await reasonsForJob(args, { confirmation_mode: true }, false), null);
  }
});

test("[Q15] the conversation's settings take precedence over the server's", async () => {
  assert.equal(await reasons(browse, "network", { approval: "never" }), null);
  assert.deepEqual(await reasons(read, "read", { approval: "always" }), ["policy_always"]);
  assert.equal(await reasons(read, "read", { confirmation_mode: true }), null);
  const decision = await evaluatePolicy(run, "execute", contextWith({ settings: { confirmation_mode: true } }));
  assert.deepEqual(decision, {
    type: "ask",
    request: { reasons: ["confirmation_mode"], rules: [{ action: "run", pattern: "ls" }], seconds: 60 },
  });
});

test("[Q19] an action allowed by rules names them, those of the conversation before those of the server", async () => {
  const origin = { action: "browse", pattern: "https://example.org" };
  const by = async (event: NewAction, effect: Effect, options: PolicyOptions): Promise<unknown> => {
    const decision = await evaluatePolicy(event, effect, contextWith(options));
    return decision.type === "allow" ? decision.rules : null;
  };
  assert.deepEqual(await by(browse, "network", { rules: [origin] }), [{ ...origin, scope: "conversation" }]);
  assert.deepEqual(await by(browse, "network", { serverRules: [origin] }), [{ ...origin, scope: "server" }]);
  assert.deepEqual(await by(browse, "network", { rules: [origin], serverRules: [origin] }), [
    { ...origin, scope: "conversation" },
  ]);
  assert.deepEqual(await by(browse, "network", { settings: { approval: "never" }, serverRules: [origin] }), []);
  const both = action("agent", "run", actionArgs.run.parse({ command: "ls && git status -s" }));
  const always: Settings = { approval: "always" };
  const [ls, status] = [
    { action: "run", pattern: "ls" },
    { action: "run", pattern: "git status *" },
  ] as const;
  assert.deepEqual(await by(both, "execute", { settings: always, rules: [ls], serverRules: [status] }), [
    { ...ls, scope: "conversation" },
    { ...status, scope: "server" },
  ]);
  assert.equal(await by(both, "execute", { settings: always, serverRules: [status] }), null);
});
