import assert from "node:assert/strict";
import { test } from "node:test";
import {
  action,
  emptyState,
  fold,
  isAction,
  observation,
  stateChange,
  type ConversationState,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import { recoveryEvents, type CrashFindings } from "./recovery.ts";

const at = "2026-01-01T10:00:00.000Z";
const startedMs = Date.parse(at);
const found: CrashFindings = { nowMs: startedMs + 3_600_000, resume: "ask", tail: [] };

const stored = (events: readonly NewEvent[], from = 0): readonly Event[] =>
  events.map((event, index) => ({ id: from + index, timestamp: at, ...event }));

const run = (command: string, source: "agent" | "user" = "agent"): NewEvent => {
  const args = { command, background: false, thought: "", hidden: false } as never;
  return action(source, "run", args, source === "agent" ? { tool_call: { reply: 2, id: command } } : {});
};

const begin: readonly NewEvent[] = [action("user", "start", { task: "go" }), stateChange("running")];
const call = (id: string) => ({ type: "call" as const, id, name: "run", arguments: "{}" });
const reply = observation("agent", "reply", "", {
  model: "m",
  parts: [call("a"), call("b"), call("c")],
  finish_reason: "stop",
  usage: { input: 0, output: 0, cached_input: 0, cache_write: 0, reasoning: 0 },
  cost_usd: 0,
  duration_ms: 1,
  first_token_ms: 1,
});

/** The state after a crash, and the events stored for it. */
function crash(state: ConversationState, more: Partial<CrashFindings> = {}): [ConversationState, readonly Event[]] {
  const events = stored(recoveryEvents(state, { ...found, ...more }), state.head + 1);
  return [fold(events, state), events];
}

const lastState = (events: readonly Event[]): Event | undefined =>
  events.findLast((event) => !isAction(event) && event.observation === "agent_state_changed");

test("[X24] an unknown outcome is reported with what is known, for each of three parallel actions", () => {
  const state = fold(stored([...begin, reply, run("a"), run("mine", "user"), run("yours", "user")]));
  const sideEffects = new Map([[3, "In the workspace something."]]);
  const [, closed] = crash(state, { aliveMs: startedMs + 12_400, sideEffects });
  assert.deepEqual(
    closed.slice(0, 3).map((event) => !isAction(event) && event.content),
    ["a", "mine", "yours"].map(
      (command, index) =>
        `The server stopped while this was running, and its outcome is unknown. Running command: ${command} (started ${at}, ran for at least 12 s). ` +
        `${index === 0 ? "In the workspace something. " : ""}Check what it did before repeating it.`,
    ),
  );
  const [, unseen] = crash(state);
  assert.match(unseen[0]?.message ?? "", /\(started [^,]*\)\. Check/, "nothing is made up");
});

test("[X25] after an unknown outcome the other calls of the same reply are dropped until the model knows", () => {
  const state = fold(stored([...begin, reply, run("a")]));
  assert.deepEqual(
    state.pendingCalls.map(({ id }) => id),
    ["b", "c"],
  );
  assert.deepEqual(crash(state)[0].pendingCalls, []);
});

test("[X26] if configured, work resumes automatically up to three times since the user's last action, then waits", () => {
  let state = fold(stored([...begin, reply]));
  assert.equal(crash(state)[0].agentState, "paused", "not by default");
  for (const resumed of [1, 2, 3]) {
    const [next, events] = crash(state, { resume: "always" });
    assert.deepEqual([next.agentState, next.autoResumes], ["running", resumed]);
    assert.match(lastState(events)?.message ?? "", new RegExp(`${resumed} of 3`));
    state = next;
  }
  const [asked, events] = crash(state, { resume: "always" });
  assert.equal(asked.agentState, "paused");
  assert.match(JSON.stringify(lastState(events)), /was resumed automatically 3 times and stopped each time/);
  const word = action("user", "change_agent_state", { agent_state: "running", thought: "" });
  const again = fold(stored([word, stateChange("running")], asked.head + 1), asked);
  assert.equal(crash(again, { resume: "always" })[0].autoResumes, 1, "an action of the user resets the count");
});

test("[X26] work that has ended, is at rest, or waits for an approval is not resumed", () => {
  const resume = "always";
  assert.deepEqual(crash(fold(stored([...begin, stateChange("paused")])), { resume })[1], []);
  const finish = action("agent", "finish", { thought: "", outputs: {} });
  const ended = stored([...begin, observation("user", "chat", "go", { image_urls: null }, { cause: 0 }), finish]);
  assert.equal(crash(fold(ended), { resume, tail: ended })[0].agentState, "finished");
  const title = observation("agent", "title", "Go", { model: "m", usage: reply.extras.usage, cost_usd: 0 });
  const noted = [...ended, ...stored([title], ended.length)];
  assert.equal(crash(fold(noted), { resume, tail: noted })[0].agentState, "finished", "bookkeeping events are skipped");
  const approval = { reasons: [], rules: [], expires_at: "2027-01-01T00:00:00.000Z", default: "deny" as const };
  const gated = fold(stored([...begin, stateChange("awaiting_user_confirmation"), { ...run("a"), approval }]));
  assert.deepEqual(crash(gated, { resume })[1], []);
  const late = crash(gated, { resume, nowMs: Date.parse(approval.expires_at) })[0];
  assert.deepEqual([late.agentState, late.open.length], ["paused", 0]);
  assert.deepEqual(recoveryEvents(emptyState, { ...found, resume }), []);
});
