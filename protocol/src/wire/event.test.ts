import assert from "node:assert/strict";
import { test } from "node:test";
import { isRunnable, runnableActions, unavailableActions } from "../state/runnable.ts";
import { actionArgs, type ActionKind } from "./actions.ts";
import { action, observation } from "../build.ts";
import { eventSchemas } from "./event.ts";
import { observationExtras, type ObservationKind } from "./observations.ts";

const place = { id: 7, timestamp: "2026-01-01T00:00:00.000Z" };
const run = { command: "ls", exit_code: 0, cwd: "/w", duration_ms: 1.5, truncated: false, hidden: false };
const usage = { input: 1, output: 2, cached_input: 0, cache_write: 0, reasoning: 0 };

/** The required arguments of each kind. */
const args: Readonly<Record<ActionKind, object>> = {
  initialize: {},
  start: { task: "t" },
  message: { content: "c" },
  read: { path: "p" },
  write: { path: "p", content: "c" },
  edit: { path: "p", old_str: "a", new_str: "b" },
  job: { id: "j1" },
  run: { command: "ls" },
  run_ipython: { code: "1" },
  browse: { url: "http://a/" },
  browse_interactive: { browser_actions: "x" },
  search: { pattern: "x" },
  think: { thought: "x" },
  plan: { tasks: [{ title: "x" }] },
  delegate: { agent: "a" },
  call_tool: { server: "s", name: "n" },
  restore: { at: 3 },
  finish: {},
  reject: {},
  add_task: { goal: "g" },
  modify_task: { task_id: "1", state: "s" },
  change_agent_state: { agent_state: "paused" },
  approve: { id: 1, decision: "allow" },
  allow_host: { host: "example.org" },
  compact: { from: 0, to: 3, summary: "s" },
};

const excluded = { ignored: 1, large: 0, unreadable: 0 };
const extras: Readonly<Record<ObservationKind, object>> = {
  read: { path: "p" },
  write: { path: "p" },
  edit: { path: "p", old_content: "a", new_content: "b" },
  run: { ...run, ended_by: "timeout", whole: { path: "/o", size_bytes: 1, cut: true } },
  job: {
    job: { id: "j1", state: "ended", exit_code: 0 },
    command: "top",
    duration_ms: 1,
    truncated: false,
    screen: { rows: 30, cols: 100, cursor_row: 0, cursor_col: 0, alternate: true },
  },
  run_ipython: { code: "1" },
  browse: { url: "http://a/", title: "", text: "", status: 200, screenshot: "", error: false },
  terminal: { terminal: { id: "t1", state: "closed", exit_code: 0 } },
  search: { pattern: "x", path: ".", matches: 0, truncated: false },
  plan: { tasks: [{ title: "x", status: "done" }] },
  delegate: {
    outputs: {},
    conversation: "c",
    agent: "a",
    agent_state: "finished",
    steps: 1,
    cost_usd: 0,
    duration_ms: 1,
  },
  child: {
    conversation: "c",
    action: 1,
    agent: "a",
    agent_state: "awaiting_user_confirmation",
    awaiting: { conversation: "c", id: 5, message: "Running command: ls" },
    usage: { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 },
    cost_usd: 0.5,
    steps: 1,
    unpriced_steps: 0,
  },
  call_tool: { server: "s", name: "n" },
  restore: { at: 3, changed_files: 1, files: [{ status: "deleted", path: "p" }], reverted: [], excluded },
  chat: { image_urls: null },
  agent_state_changed: { agent_state: "running" },
  user_rejected: {},
  instructions: { files: [{ kind: "skill", path: "a/SKILL.md", hash: "0" }] },
  error: { code: "internal", retryable: true, error_id: "" },
  reply: {
    model: "m",
    parts: [{ type: "call", id: "1", name: "run", arguments: "{}", provider: { signature: "s" } }],
    finish_reason: "stop",
    usage,
    cost_usd: null,
    duration_ms: 1,
    first_token_ms: 1,
  },
  title: { model: "m", usage, cost_usd: 0.001 },
  imported: {},
  upload: { files: [{ path: "a", size_bytes: 1 }], count: 1, size_bytes: 1 },
  checkpoint: { tree: "t", after: 2, external: true, excluded, duration_ms: 1 },
  status: { code: "model_rate_limited", attempt: 1, wait_ms: 10 },
  tools: { tools: [{ name: "s__n", server: "s", tool: "n", description: "", parameters: { type: "object" } }] },
  hook: {
    event: "stop",
    name: "check",
    exit_code: 2,
    duration_ms: 1,
    blocks: true,
    shown_to_model: true,
    timed_out: false,
  },
  nudge: { reason: "repeat" },
};

test("[P11] an action of every kind matches its schema and survives a JSON round trip", () => {
  for (const kind of Object.keys(actionArgs) as ActionKind[]) {
    const made = action("agent", kind, actionArgs[kind].parse(args[kind]), { tool_call: { reply: 1, id: "c" } });
    const event = { ...place, ...made };
    assert.deepEqual(eventSchemas.actions[kind]?.parse(JSON.parse(JSON.stringify(event))), event, kind);
  }
});

test("[P11] an observation of every kind matches its schema and survives a JSON round trip", () => {
  for (const kind of Object.keys(observationExtras) as ObservationKind[]) {
    const made = observation("agent", kind, "text", observationExtras[kind].parse(extras[kind]), { cause: 3 });
    const event = { ...place, ...made };
    assert.deepEqual(event.extras, extras[kind], kind);
    assert.deepEqual(eventSchemas.observations[kind]?.parse(JSON.parse(JSON.stringify(event))), event, kind);
  }
});

test("[P12] parsing fills in defaults and drops unknown arguments", () => {
  assert.deepEqual(actionArgs.run.parse({ command: "ls", blocking: true }), {
    command: "ls",
    background: false,
    hidden: false,
    confirmation_state: "confirmed",
    thought: "",
  });
  assert.deepEqual(actionArgs.message.parse({ content: "hi" }), {
    content: "hi",
    image_urls: null,
    wait_for_response: false,
  });
  assert.deepEqual(actionArgs.read.parse({ path: "a" }), { path: "a", start: 0, end: -1, thought: "" });
});

test("[P12] missing, mistyped and out-of-range arguments are rejected", () => {
  const refused: readonly (readonly [ActionKind, unknown])[] = [
    ["start", { task: 5 }],
    ["start", {}],
    ["read", { path: "" }],
    ["read", { path: "a", start: -1 }],
    ["run", { command: "ls", timeout: 0 }],
    ["run", { command: "ls", timeout: 1e9 }],
    ["run", "ls"],
    ["change_agent_state", { agent_state: "bogus" }],
    ["plan", { tasks: [{ title: "x", status: "maybe" }] }],
  ];
  for (const [kind, given] of refused) {
    assert.equal(actionArgs[kind].safeParse(given).success, false, `${kind} ${JSON.stringify(given)}`);
  }
});

test("[P11] runnable kinds are told apart from others, and names that are not kinds are not runnable", () => {
  assert.ok(isRunnable("run"));
  for (const kind of ["message", "finish", "think", "constructor", "__proto__", ""]) assert.ok(!isRunnable(kind), kind);
  for (const kind of [...runnableActions, ...unavailableActions]) assert.ok(Object.hasOwn(actionArgs, kind), kind);
});
