import assert from "node:assert/strict";
import { test } from "node:test";
import { action, actionArgs, emptyState, type Action, type ConversationState, type Settings } from "@deckhand/protocol";
import type { Agent } from "../../agent/agents.ts";
import { withoutDelegateAtMaxDepth, spawnEvents, taskText } from "./spawn.ts";
import { outcomeOf } from "./outcome.ts";
import type { IdleResult } from "./await-idle.ts";
import { withDefinedApproval, stricter, inheritApproval } from "./inherit-approval.ts";

const defaults = { policy: "risky", seconds: 3600, sandboxed: true } as const;
const link = { conversation: "p", action: 3, root: "p", depth: 1 };
const agentOf = (definition: Partial<Agent["definition"]> = {}): Agent =>
  ({
    name: "explorer",
    toolNames: ["read", "delegate", "finish"],
    toolSpecs: [{ name: "read" }, { name: "delegate" }, { name: "finish" }],
    promptChars: 1000,
    definition: { limits: {}, tools: [], ...definition },
  }) as unknown as Agent;
const stateWith = (settings: Settings, more: Partial<ConversationState> = {}): ConversationState => ({
  ...emptyState,
  settings,
  ...more,
});

test("[DG7] each approval setting is the stricter one of the two", () => {
  assert.deepEqual(stricter({ approval: "never" }, {}, defaults), {
    approval: "risky",
    approval_seconds: 3600,
    confirmation_mode: false,
  });
  const loose: Settings = { approval: "never", approval_seconds: 9999 };
  const tight: Settings = { approval: "always", approval_seconds: 0, confirmation_mode: true };
  assert.deepEqual(stricter(loose, tight, defaults), tight);
  assert.deepEqual(stricter(tight, loose, defaults), tight);
});

test("[DG7] a subagent cannot be made looser than its parent, and inherits what the parent was allowed", () => {
  const rule = { action: "run", pattern: "npm test" };
  const parent = stateWith({ approval: "always" }, { rules: [rule] });
  const { settings, rules } = inheritApproval(stateWith({ approval: "never" }), parent, defaults);
  assert.equal(settings.approval, "always");
  assert.deepEqual(rules, [rule]);
});

test("[DG7] an agent definition makes approval settings stricter, never looser", () => {
  const asked = (settings: Settings, approval: "never" | "always"): unknown =>
    withDefinedApproval(stateWith(settings), agentOf({ approval }), defaults).settings.approval;
  assert.equal(asked({ approval: "never" }, "always"), "always");
  assert.equal(asked({ approval: "always" }, "never"), "always");
  assert.equal(asked({}, "never"), "risky");
});

test("[DG6] a subagent starts with its parent's settings except the limits, and with the model of its definition", () => {
  const parent = stateWith({
    model: "m",
    base_url: "http://m",
    max_steps: 5,
    max_cost_usd: 1,
    approval: "always",
    agent_cls: "CodeActAgent",
  });
  const begun = (agent: Agent): unknown => (spawnEvents(parent, link, agent)[0] as Action<"initialize">).args;
  assert.deepEqual(begun(agentOf()), {
    model: "m",
    base_url: "http://m",
    approval: "always",
    agent_cls: "explorer",
    parent: link,
  });
  assert.deepEqual(begun(agentOf({ model: "small" })), { approval: "always", agent_cls: "explorer", parent: link });
  assert.equal(
    taskText({ task: "Do it.", inputs: { summary: "short", deep: true } }),
    "Do it.\n\nsummary: short\n\ndeep: true",
  );
});

test("[DG11] at the deepest level the delegate tool is not offered", () => {
  const names = (depth: number): readonly string[] =>
    withoutDelegateAtMaxDepth(agentOf(), stateWith({}, { parent: { ...link, depth } })).toolNames;
  assert.deepEqual(
    [names(1), names(2)],
    [
      ["read", "delegate", "finish"],
      ["read", "finish"],
    ],
  );
});

test("[DG6] what a subagent returns is bounded, both text and outputs", () => {
  const ended = { agent: "explorer", conversation: "c", steps: 2, costUsd: 0.5, durationMs: 7 };
  const said = {
    id: 9,
    timestamp: "",
    ...action("agent", "finish", actionArgs.finish.parse({ outputs: { answer: "x".repeat(100_000) } })),
  };
  const rest: IdleResult = { state: "finished", reason: "", finalAction: said };
  const { content, extras } = outcomeOf(rest, ended);
  assert.ok(content.length < 13_000 && JSON.stringify(extras).length < 13_000);
  assert.match(content, /^explorer has finished\. Conversation c\.\n\nanswer: x+\n\[… \d+ characters omitted/);
  const failed = outcomeOf({ state: "error", reason: "The key is refused.", finalAction: null }, ended);
  assert.equal(failed.content, "explorer failed (The key is refused.). Conversation c.");
  assert.deepEqual(failed.extras, {
    outputs: {},
    conversation: "c",
    agent: "explorer",
    agent_state: "error",
    steps: 2,
    cost_usd: 0.5,
    duration_ms: 7,
  });
});
