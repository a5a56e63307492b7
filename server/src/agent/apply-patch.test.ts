import assert from "node:assert/strict";
import { test } from "node:test";
import { action, type PendingCall } from "@deckhand/protocol";
import { rulesFor } from "./approval/rules.ts";
import { evaluatePolicy } from "./approval/policy.ts";
import { findTestAgent } from "./array-model.test-kit.ts";
import { prepareCall } from "./execution/prepare.ts";
import { withTrainedTools } from "./apply-patch.ts";

const agent = findTestAgent("CodeActAgent", "/w")!;
const patch = "*** Begin Patch\n*** Add File: a.txt\n+x\n*** Delete File: ../b.txt\n*** End Patch";
const callOf = (name: string, args: string): PendingCall => ({
  type: "call",
  id: "1",
  name,
  arguments: args,
  reply: 3,
});

test("[HN9] apply_patch replaces edit only for models that were trained on it", () => {
  const names = (model: string): readonly string[] => withTrainedTools(agent, model).toolSpecs.map(({ name }) => name);
  for (const model of ["gpt-5", "gpt-5.1-codex", "openai/gpt-5-mini", "codex-mini-latest", "openrouter/openai/gpt-5"]) {
    assert.ok(names(model).includes("apply_patch") && !names(model).includes("edit"), model);
  }
  for (const model of ["gpt-4o", "anthropic/claude-sonnet-4-5", "demo", "ollama/gpt-oss"]) {
    assert.equal(withTrainedTools(agent, model), agent, model);
  }
  const { toolSpecs: specs, promptChars: chars, prompt } = withTrainedTools(agent, "gpt-5");
  assert.equal(chars, prompt.length + JSON.stringify(specs).length);
});

test("[HN9] a patch from any model becomes an edit, under either name", () => {
  const sent = [
    callOf("apply_patch", JSON.stringify({ input: patch })),
    callOf("apply_patch", JSON.stringify({ patch })),
    callOf("apply_patch", patch),
    callOf("edit", JSON.stringify({ patch })),
  ];
  for (const call of sent) {
    const prepared = prepareCall(call, agent);
    assert.ok(prepared.type === "runnable" && prepared.event.action === "edit", call.arguments);
    const { path, old_str, new_str, patch: stored } = prepared.event.args;
    assert.deepEqual([path, old_str, new_str, stored], ["a.txt", "", "", patch]);
  }
  const plain = prepareCall(callOf("edit", JSON.stringify({ path: "a", old_str: "b", new_str: "c" })), agent);
  assert.ok(plain.type === "runnable" && plain.event.action === "edit" && plain.event.args.patch === undefined);
  assert.equal(prepareCall(callOf("apply_patch", "{}"), agent).type, "invalid");
});

test("[HN9] the policy checks every file of a patch, not only the first", async () => {
  const args = { path: "a.txt", old_str: "", new_str: "", replace_all: false, patch, thought: "" };
  const edit = action("agent", "edit", args);
  const context = {
    workspace: "/w",
    state: { settings: {}, rules: [{ action: "edit", pattern: "/w/a.txt" }] },
    defaults: { policy: "risky" as const, seconds: 60, sandboxed: true },
    serverRules: async () => [],
  };
  const decision = await evaluatePolicy(edit, "write", context);
  assert.ok(decision.type === "ask" && decision.request.reasons[0] === "outside_workspace");
  assert.deepEqual(
    (await rulesFor(edit, "/w")).map(({ pattern }) => pattern),
    ["/w/a.txt", "/b.txt"],
  );
});
