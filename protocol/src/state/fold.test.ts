import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { actionArgs } from "../wire/actions.ts";
import { action, errorObservation, observation, stateChange } from "../build.ts";
import type { Event, NewEvent } from "../wire/event.ts";
import { apply, fold } from "./fold.ts";
import { isRunnable, runnableActions } from "./runnable.ts";
import { emptyState, type ConversationState } from "./state.ts";
import type { ReplyPart } from "../wire/observations.ts";
import { agentStates, type AgentState } from "../wire/states.ts";

const startMs = Date.parse("2026-01-01T00:00:00.000Z");

/** Assigns ids and timestamps one second apart. */
function stored(events: readonly NewEvent[]): readonly Event[] {
  return events.map((event, id) => ({ ...event, id, timestamp: new Date(startMs + id * 1000).toISOString() }));
}

const say = (content: string) => action("user", "message", { content, image_urls: null, wait_for_response: false });
const chat = (cause: number) => observation("user", "chat", "", { image_urls: null }, { cause });
const read = (path: string) => action("agent", "read", actionArgs.read.parse({ path }));
const call = (id: string): ReplyPart => ({ type: "call", id, name: "read", arguments: '{"path":"a"}' });

function reply(parts: readonly ReplyPart[], costUsd: number | null = null): NewEvent {
  return observation("agent", "reply", "", {
    model: "demo",
    parts: [...parts],
    finish_reason: "stop",
    usage: { input: 10, output: 2, cached_input: 4, cache_write: 1, reasoning: 3 },
    cost_usd: costUsd,
    duration_ms: 5,
    first_token_ms: null,
  });
}

test("[P3] a user message is queued until a chat names it; the first one provides the title", () => {
  const events = stored([say("  fix it \nplease"), say("and test it"), chat(0)]);
  assert.deepEqual(fold(events.slice(0, 2)).queued, [
    { id: 0, content: "  fix it \nplease", imageUrls: [] },
    { id: 1, content: "and test it", imageUrls: [] },
  ]);
  assert.deepEqual(
    fold(events).queued.map(({ id }) => id),
    [1],
  );
  assert.equal(fold(events).title, "fix it");
});

test("[P3] a task is queued like a message; agent messages are not queued", () => {
  const message = action("agent", "message", { content: "Done.", image_urls: null, wait_for_response: true });
  const state = fold(stored([action("user", "start", { task: "x".repeat(100) }), message]));
  assert.deepEqual(
    state.queued.map(({ id }) => id),
    [0],
  );
  assert.equal(state.title, `${"x".repeat(79)}…`);
  assert.equal(fold(stored([say(`${"x".repeat(78)}😀😀`)])).title, `${"x".repeat(78)}…`);
});

test("[P4] a runnable action is open until an observation names it as its cause", () => {
  const events = stored([
    read("a"),
    read("b"),
    action("agent", "think", { thought: "hm" }),
    observation("agent", "read", "", { path: "b" }, { cause: 1 }),
    errorObservation("agent", "outcome_unknown", undefined, { cause: 0 }),
  ]);
  assert.deepEqual(
    fold(events.slice(0, 4)).open.map(({ id }) => id),
    [0],
  );
  assert.deepEqual(fold(events).open, []);
});

test("[P5] a call of the last reply is pending until it becomes an action or is refused; a new message drops the rest", () => {
  const fromReply = (id: string) => ({ tool_call: { reply: 0, id } });
  const events = stored([
    reply([{ type: "text", text: "I look." }, call("a"), call("b"), call("c")]),
    { ...read("a"), ...fromReply("a") },
    errorObservation("agent", "bad_tool_args", undefined, fromReply("b")),
  ]);
  const pending = (count: number) => fold(events.slice(0, count)).pendingCalls.map(({ id, reply: of }) => [id, of]);
  assert.deepEqual(pending(1), [
    ["a", 0],
    ["b", 0],
    ["c", 0],
  ]);
  assert.deepEqual(pending(2), [
    ["b", 0],
    ["c", 0],
  ]);
  assert.deepEqual(pending(3), [["c", 0]]);
  for (const end of [chat(0), stateChange("stopped"), stateChange("error"), reply([])]) {
    assert.deepEqual(fold(stored([...events, end])).pendingCalls, []);
  }
});

test("[P6] usage is the sum over all replies; replies without a price are counted, not estimated", () => {
  const { usage } = fold(stored([reply([], 0.25), reply([], null), reply([], 0.5)]));
  assert.deepEqual(usage, {
    steps: 3,
    costUsd: 0.75,
    unpricedSteps: 1,
    input: 30,
    output: 6,
    cached_input: 12,
    cache_write: 3,
    reasoning: 9,
  });
});

test("[P7] a turn counts its steps and running time; a pause stops the clock, a new message resets both", () => {
  const events = stored([
    say("go"),
    stateChange("running"),
    reply([]),
    stateChange("paused"),
    say("more"),
    stateChange("running"),
    reply([]),
    stateChange("paused"),
  ]);
  assert.deepEqual(fold(events).turn, { steps: 2, activeMs: 4000, runningSince: null });
  assert.equal(fold(events.slice(0, 3)).turn.runningSince, startMs + 1000);
  const afterChat = fold(stored([...events, chat(4)]));
  assert.deepEqual(afterChat.turn, { steps: 0, activeMs: 0, runningSince: startMs + 8000 });
});

test("[P8] resuming past a limit raises it once; a new message undoes raises of per-turn limits", () => {
  const resume = action("user", "change_agent_state", { agent_state: "running", thought: "" });
  const rest = [stateChange("running"), errorObservation("environment", "limit_steps"), stateChange("paused")];
  const atLimit = fold(stored(rest));
  assert.equal(atLimit.atLimit, "limit_steps");
  const raised = fold(stored([...rest, resume, resume]));
  assert.deepEqual([raised.limitRaises, raised.atLimit], [{ turn: 1, cost: 0, tokens: 0 }, null]);
  const cost = fold(stored([errorObservation("environment", "limit_cost"), resume, chat(0)]));
  assert.deepEqual(cost.limitRaises, { turn: 0, cost: 1, tokens: 0 });
  assert.deepEqual(fold(stored([...rest, resume, chat(0)])).limitRaises, { turn: 0, cost: 0, tokens: 0 });
  const tokens = fold(stored([errorObservation("environment", "limit_tokens"), resume, resume]));
  assert.deepEqual(tokens.limitRaises, { turn: 0, cost: 0, tokens: 1 });
});

test("[P8] setting a limit to a new value discards its raises; setting the same value changes nothing", () => {
  const resume = action("user", "change_agent_state", { agent_state: "running", thought: "" });
  const set = (max_tokens: number): NewEvent => action("user", "initialize", { max_tokens });
  const past = [set(10), errorObservation("environment", "limit_tokens"), resume];
  const again = [...past, errorObservation("environment", "limit_tokens"), set(10)];
  assert.deepEqual([fold(stored(again)).limitRaises.tokens, fold(stored(again)).atLimit], [1, "limit_tokens"]);
  const more = fold(stored([...again, set(100)]));
  assert.deepEqual([more.limitRaises.tokens, more.atLimit, more.settings.max_tokens], [0, null, 100]);
  assert.equal(fold(stored([...again, set(100), resume])).limitRaises.tokens, 0, "resuming does not raise it further");
  const other = fold(stored([...again, action("user", "initialize", { max_steps: 7 })]));
  assert.deepEqual([other.limitRaises.tokens, other.atLimit], [1, "limit_tokens"]);
});

test("[P8] settings are merged key by key; a missing key keeps its value", () => {
  const events = stored([
    action("user", "initialize", { model: "gpt-4o", max_steps: 5 }),
    action("user", "initialize", { model: "demo" }),
  ]);
  assert.deepEqual(fold(events).settings, { model: "demo", max_steps: 5 });
});

test("[P9] an unknown kind moves the head and changes nothing else", () => {
  const before = fold(stored([say("go"), read("a")]));
  const common = { id: 2, timestamp: "2026-01-01T00:00:02.000Z", source: "agent", message: "" };
  for (const kind of [
    { action: "levitate", args: {} },
    { observation: "weather", content: "", extras: {} },
  ]) {
    assert.deepEqual(apply(before, { ...common, ...kind } as unknown as Event), { ...before, head: 2 });
  }
});

/** Any log: kinds in any order, with causes that refer to any earlier event or to none. */
const anyLog = fc
  .array(
    fc.record({
      kind: fc.constantFrom("say", "agent says", "read", "resume", "chat", "result", "reply", "state", "limit"),
      cause: fc.nat(),
      state: fc.constantFrom(...agentStates),
      cost: fc.option(fc.integer({ min: 0, max: 8 })),
    }),
    { maxLength: 40 },
  )
  .map((steps) => stored(steps.map((step, id) => anyEvent(step, step.cause % (id + 1)))));

function anyEvent(step: { kind: string; state: AgentState; cost: number | null }, cause: number): NewEvent {
  switch (step.kind) {
    case "say":
      return say("hello");
    case "agent says":
      return action("agent", "message", { content: "hi", image_urls: null, wait_for_response: false });
    case "read":
      return read("a");
    case "resume":
      return action("user", "change_agent_state", { agent_state: "running", thought: "" });
    case "chat":
      return chat(cause);
    case "result":
      return observation("agent", "read", "", { path: "a" }, { cause });
    case "reply":
      return reply([call("a"), call("b")], step.cost);
    case "limit":
      return errorObservation("environment", "limit_cost");
    default:
      return stateChange(step.state);
  }
}

function frozen(state: ConversationState): ConversationState {
  for (const value of Object.values(state)) if (typeof value === "object" && value !== null) Object.freeze(value);
  return Object.freeze(state);
}

test("[P2] folding a log in two parts equals folding it at once, and no state is mutated", () => {
  fc.assert(
    fc.property(anyLog, fc.nat(), (events, at) => {
      const cut = at % (events.length + 1);
      const first = frozen(fold(events.slice(0, cut), frozen({ ...emptyState })));
      assert.deepEqual(fold(events.slice(cut), first), fold(events));
    }),
  );
});

test("[P2] for any log, the fold agrees with a search of the log on what is queued, open and spent", () => {
  fc.assert(
    fc.property(anyLog, (events) => {
      const state = fold(events);
      const answers = events.filter((event) => "observation" in event);
      const isAnswered = (id: number, by?: string) =>
        answers.some((each) => each.cause === id && each.id > id && (by === undefined || each.observation === by));
      const actions = events.filter((event) => "action" in event);
      const open = actions.filter((each) => isRunnable(each.action) && !isAnswered(each.id));
      const queued = actions.filter(
        (each) => each.action === "message" && each.source === "user" && !isAnswered(each.id, "chat"),
      );
      assert.deepEqual(state.open, open);
      assert.deepEqual(
        state.queued.map(({ id }) => id),
        queued.map(({ id }) => id),
      );
      assert.equal(state.head, events.length - 1);
      assert.equal(state.usage.steps, answers.filter((each) => each.observation === "reply").length);
      assert.equal(
        state.usage.costUsd,
        answers.reduce((sum, each) => sum + (each.observation === "reply" ? (each.extras.cost_usd ?? 0) : 0), 0),
      );
    }),
  );
});

test("[P4] every runnable kind is open until it has an observation", () => {
  for (const kind of runnableActions) {
    const event = { ...read("a"), action: kind, id: 0, timestamp: "2026-01-01T00:00:00.000Z" } as unknown as Event;
    assert.equal(apply(emptyState, event).open.length, 1, kind);
  }
});

test("[O14] the state lists background processes from start to end", () => {
  const ran = { command: "make", exit_code: -1, cwd: "/w", duration_ms: 1, truncated: false, hidden: false };
  const job = (id: string, state: "running" | "ended") =>
    observation("agent", "job", "", { job: { id, state }, command: "make", duration_ms: 1, truncated: false });
  const started = (id: string) => observation("agent", "run", "", { ...ran, job: { id, state: "running" } });
  const over = observation("agent", "run", "", { ...ran, job: { id: "j3", state: "ended", exit_code: 0 } });
  const jobsAfter = (...events: readonly NewEvent[]) => fold(stored(events)).jobs.map(({ id }) => id);
  assert.deepEqual(fold(stored([started("j1")])).jobs, [
    { id: "j1", command: "make", since: "2026-01-01T00:00:00.000Z" },
  ]);
  assert.deepEqual(jobsAfter(started("j1"), started("j2"), over, job("j1", "running")), ["j1", "j2"]);
  assert.deepEqual(jobsAfter(started("j1"), started("j2"), job("j1", "ended"), job("j1", "ended")), ["j2"]);
});
