import assert from "node:assert/strict";
import { test } from "node:test";
import {
  action,
  errorObservation,
  fold,
  observation,
  stateChange,
  type Event,
  type NewEvent,
  type ObservationExtras,
} from "@deckhand/protocol";
import { ItemFold } from "./item-fold.ts";
import type { Item } from "./item.ts";
import { rowOfEvent, rowsOf } from "./rows.ts";

type ReplyParts = ObservationExtras<"reply">["parts"];

const run = (command: string, thought = ""): NewEvent =>
  action("agent", "run", { command, thought, background: false, hidden: false, confirmation_state: "confirmed" });
const runResult = (cause: number): NewEvent =>
  observation(
    "agent",
    "run",
    "hello\n",
    { command: "x", exit_code: 0, cwd: "/", duration_ms: 1, truncated: false, hidden: false },
    { cause },
  );
const received = (cause: number, text: string): NewEvent =>
  observation("user", "chat", text, { image_urls: null }, { cause });
const usage = { input: 10, output: 2, cached_input: 0, cache_write: 0, reasoning: 0 };
const reply = (parts: ReplyParts, costUsd: number | null = 0.01): NewEvent =>
  observation("agent", "reply", "", {
    model: "m",
    parts,
    finish_reason: "stop",
    usage,
    cost_usd: costUsd,
    duration_ms: 20,
    first_token_ms: null,
  });
const textPart = (text: string): ReplyParts[number] => ({ type: "text", text });
const reasoningPart = (text: string): ReplyParts[number] => ({ type: "reasoning", text });

test("[U1] a conversation shows messages, reasoning and each action with its observation, but no bookkeeping", () => {
  const items = itemsOf(
    stored(
      action("user", "initialize", {}),
      stateChange("init"),
      action("user", "start", { task: "do it" }),
      stateChange("running"),
      received(2, "do it"),
      reply([reasoningPart("A greeting."), textPart("I will greet.")]),
      run("echo hello", "I will greet."),
      runResult(6),
      reply([textPart("Greeted.")]),
      action("agent", "finish", { outputs: {}, thought: "Greeted." }),
      stateChange("finished"),
    ),
  );
  assert.deepEqual(
    items.map((item) => item.type),
    ["user", "reasoning", "message", "action", "result", "turn-end"],
  );
  const card = items[3];
  assert.ok(card?.type === "action" && card.observation?.id === 7);
  const turnEnd = items[5];
  assert.ok(turnEnd?.type === "turn-end" && turnEnd.steps === 2 && turnEnd.costUsd === 0.02 && turnEnd.priced);
});

test("[U1] an action without an observation is shown as running; an error that answers it ends that", () => {
  const open = itemsOf(stored(run("sleep 9")));
  assert.ok(open[0]?.type === "action" && open[0].observation === undefined);
  const closed = itemsOf(stored(run("sleep 9"), errorObservation("agent", "interrupted", "stopped", { cause: 0 })));
  assert.equal(closed.length, 1);
  assert.ok(closed[0]?.type === "action" && closed[0].observation?.observation === "error");
});

test("[U1] a failure that is also the reason of the state is shown once, and only the last of several retries", () => {
  const retry = (text: string, attempt: number): NewEvent =>
    observation("environment", "status", text, { code: "model_unavailable", attempt });
  const items = itemsOf(
    stored(
      retry("again in 1 s", 1),
      retry("again in 2 s", 2),
      errorObservation("environment", "model_unavailable", "No model."),
      stateChange("error", "No model."),
    ),
  );
  assert.deepEqual(
    items.map((item) => item.type === "note" && item.text),
    ["again in 2 s", "No model."],
  );
});

test("[U1] unknown kinds of events are shown by their message or kind", () => {
  const items = itemsOf(
    stored(
      { source: "agent", message: "Something new.", action: "invented", args: {} } as unknown as NewEvent,
      { source: "agent", message: "", observation: "invented", content: "", extras: {} } as unknown as NewEvent,
    ),
  );
  assert.deepEqual(
    items.map((item) => item.type === "note" && item.text),
    ["Something new.", "invented"],
  );
});

test("[U2] only new events are read, and only changed items become new objects", () => {
  const events = stored(run("a"), runResult(0), run("b"), runResult(2));
  const reader = new ItemFold();
  const before = reader.read(events.slice(0, 3));
  assert.equal(reader.read(events.slice(0, 3)), before, "the same array without new events");
  let reads = 0;
  const watched = events.map((event) => new Proxy(event, { get: (it, key) => ((reads += 1), Reflect.get(it, key)) }));
  const other = new ItemFold();
  const first = other.read(watched.slice(0, 3));
  reads = 0;
  const after = other.read(watched);
  assert.ok(reads > 0 && reads < 12, `${reads} property reads`);
  assert.deepEqual(
    after.map((item, index) => item === first[index]),
    [true, false],
  );
});

test("[U2] a different log is read from its beginning", () => {
  const reader = new ItemFold();
  reader.read(stored(run("a"), runResult(0)));
  const items = reader.read(stored(run("b")));
  assert.deepEqual(
    items.map((item) => item.type === "action" && item.action.action === "run" && item.action.args.command),
    ["b"],
  );
});

test("[UC1] streaming text has the key of its later item and is shown once", () => {
  const events = stored(
    action("user", "message", { content: "hi", image_urls: null, wait_for_response: false }),
    received(0, "hi"),
    reply([reasoningPart("hm"), textPart("Hello.")]),
    action("agent", "message", { content: "Hello.", image_urls: null, wait_for_response: true }),
  );
  const reader = new ItemFold();
  const items = reader.read(events.slice(0, 2));
  const streaming = new Map([
    ["reasoning", "hm"],
    ["reply", "Hel"],
  ] as const);
  const rows = rowsOf(items, reader.steps, { streaming, state: fold(events.slice(0, 2)), caughtUp: true }, []);
  assert.deepEqual(
    rows.map((row) => row.type),
    ["user", "streaming", "streaming"],
  );
  const complete = reader.read(events);
  assert.deepEqual(
    complete.map((item) => item.type),
    ["user", "reasoning", "message"],
  );
  assert.deepEqual(
    rows.map((row) => row.key),
    complete.map((item) => item.key),
  );
});

test("[UC2] a message is queued until the agent receives it, and is then shown at that point", () => {
  const events = stored(
    run("sleep 9"),
    action("user", "message", { content: "one more thing", image_urls: null, wait_for_response: false }),
    runResult(0),
    run("next"),
    runResult(3),
    received(1, "one more thing"),
  );
  const typesUpTo = (count: number): readonly string[] => {
    const seen = events.slice(0, count);
    const snapshot = { streaming: new Map(), state: fold(seen), caughtUp: true };
    return rowsOf(itemsOf(seen), 0, snapshot, []).map((row) => row.type);
  };
  assert.deepEqual(typesUpTo(4), ["action", "action", "queued"]);
  assert.deepEqual(typesUpTo(6), ["action", "action", "user"]);
});

test("[UC3] the cost of a step is shown once, with its first item", () => {
  const items = itemsOf(
    stored(
      reply([reasoningPart("hm")]),
      run("a"),
      runResult(1),
      reply([textPart("Both.")], null),
      run("b", "Both."),
      run("c"),
      reply([]),
      run("d"),
    ),
  );
  const steps = items.map((item) => ("step" in item ? item.step?.number : undefined));
  assert.deepEqual(steps, [1, undefined, 2, undefined, undefined, 3]);
});

test("[U1] bookkeeping makes no items: reports of subagents, MCP tools, hooks without an effect", () => {
  const hook = (blocks: boolean): NewEvent =>
    observation("environment", "hook", "not this", {
      event: "before_action",
      name: "h",
      exit_code: 0,
      duration_ms: 1,
      blocks,
      shown_to_model: false,
      timed_out: false,
    });
  const items = itemsOf(stored(observation("environment", "tools", "", { tools: [] }), hook(false), hook(true)));
  assert.deepEqual(
    items.map((item) => item.type === "note" && [item.id, item.text]),
    [[2, "not this"]],
  );
});

test("[UC4] a link to any event finds the row that shows it", () => {
  const events = stored(run("a"), runResult(0), stateChange("paused"), run("b"), runResult(3));
  const rows = rowsOf(itemsOf(events), 0, { streaming: new Map(), state: fold(events), caughtUp: true }, []);
  const commandAt = (event: number): string => {
    const row = rows[rowOfEvent(rows, event)];
    return row?.type === "action" && row.action.action === "run" ? row.action.args.command : "none";
  };
  assert.deepEqual([0, 1, 2, 3, 4, 99].map(commandAt), ["a", "a", "a", "b", "b", "b"]);
});

function itemsOf(events: readonly Event[]): readonly Item[] {
  return new ItemFold().read(events);
}

function stored(...events: readonly NewEvent[]): readonly Event[] {
  return events.map((event, id) => ({ id, timestamp: new Date(id).toISOString(), ...event }));
}
