import assert from "node:assert/strict";
import { test } from "node:test";
import { eventSchemas } from "../wire/event.ts";
import { upgradeEvent } from "./upgrade.ts";

const common = { id: 7, timestamp: "2026-01-01T00:00:00.000Z", source: "environment", message: "" };
const excluded = { ignored: 1, large: 0, unreadable: 0 };
const approval = { rules: [], expires_at: common.timestamp, default: "deny" };
const hook = { event: "stop", name: "check", exit_code: 0, duration_ms: 1, blocks: false, timed_out: false };

/** Events of protocol 1.0.0, each with its 1.1.0 form. */
const pairs: readonly (readonly [object, object])[] = [
  [
    { observation: "snapshot", extras: { tree: "t", after: 6, outside: true, left_out: excluded, duration_ms: 1 } },
    { observation: "checkpoint", extras: { tree: "t", after: 6, external: true, excluded, duration_ms: 1 } },
  ],
  [
    {
      observation: "restore",
      extras: { at: 3, changed_files: 0, files: [], taken_back: ["a"], left_out: excluded },
      cause: 6,
    },
    { observation: "restore", extras: { at: 3, changed_files: 0, files: [], reverted: ["a"], excluded }, cause: 6 },
  ],
  [
    { observation: "knowledge", extras: { pieces: [{ kind: "deeper", path: "a/AGENTS.md", hash: "0" }] } },
    { observation: "instructions", extras: { files: [{ kind: "listed", path: "a/AGENTS.md", hash: "0" }] } },
  ],
  [
    { observation: "hook", extras: { ...hook, told: true } },
    { observation: "hook", extras: { ...hook, shown_to_model: true } },
  ],
  [
    { observation: "error", extras: { code: "snapshot_failed", retryable: true, error_id: "" } },
    { observation: "error", extras: { code: "checkpoint_failed", retryable: true, error_id: "" } },
  ],
  [
    { action: "compact", args: { from: 0, to: 3, how: "mask", summary: "" } },
    { action: "compact", args: { from: 0, to: 3, how: "prune", summary: "" } },
  ],
  [
    {
      action: "browse",
      args: { url: "https://example.org", thought: "" },
      approval: { ...approval, reasons: ["It reaches the network."] },
    },
    {
      action: "browse",
      args: { url: "https://example.org", thought: "" },
      approval: { ...approval, reasons: ["network"] },
    },
  ],
];

test("[P15] events of protocol 1.0.0 are converted to valid events of this version", () => {
  for (const [before, after] of pairs) {
    const content = "observation" in before ? { content: "" } : {};
    const upgraded = upgradeEvent({ ...common, ...content, ...before });
    const { actions, observations } = eventSchemas;
    const schema = actions[String(upgraded["action"])] ?? observations[String(upgraded["observation"])];
    assert.deepEqual(schema?.parse(upgraded), upgraded);
    assert.deepEqual(upgradeEvent(upgraded), upgraded, "converting twice changes nothing");
    assert.deepEqual(upgraded, { ...common, ...content, ...after });
  }
});

test("[P15] events that did not change, and malformed ones, are left alone", () => {
  for (const event of [
    { action: "run", args: { command: "ls" } },
    { action: "run", args: {}, approval: { reasons: ["constructor"] } },
    { observation: "error", extras: { code: "constructor" } },
    { observation: "snapshot", extras: null },
    { action: "compact", args: "mask" },
  ]) {
    const whole = { ...common, ...event };
    assert.deepEqual(upgradeEvent(whole), whole);
  }
});
