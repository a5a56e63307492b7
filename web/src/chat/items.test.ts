import assert from "node:assert/strict";
import { test } from "node:test";
import { action, errorObservation, observation, stateChange, type Event, type NewEvent } from "@deckhand/protocol";
import { itemsOf, isSame } from "./items.ts";

const run = (command: string, thought = ""): NewEvent =>
  action("agent", "run", { command, thought, background: false, hidden: false, confirmation_state: "confirmed" });
const ran = (cause: number): NewEvent =>
  observation(
    "agent",
    "run",
    "hello\n",
    { command: "x", exit_code: 0, cwd: "/", duration_ms: 1, truncated: false, hidden: false },
    { cause },
  );

test("[U1] a chat shows messages, thoughts and each action with its observation, and no bookkeeping", () => {
  const items = itemsOf(
    stored(
      action("user", "initialize", {}),
      stateChange("init"),
      action("user", "start", { task: "do it" }),
      stateChange("running"),
      observation("user", "chat", "do it", { image_urls: null }, { cause: 2 }),
      run("echo hello", "I will greet."),
      ran(5),
      action("agent", "finish", { outputs: {}, thought: "Greeted." }),
      stateChange("finished"),
    ),
  );
  assert.deepEqual(
    items.map((item) => item.type),
    ["user", "thought", "action", "agent"],
  );
  const card = items[2];
  assert.ok(card?.type === "action" && card.observation?.id === 6);
});

test("[U1] an action without its observation yet is shown as open; an error that answers it closes its card", () => {
  const open = itemsOf(stored(run("sleep 9")));
  assert.ok(open[0]?.type === "action" && open[0].observation === undefined);
  const closed = itemsOf(stored(run("sleep 9"), errorObservation("agent", "interrupted", "stopped", { cause: 0 })));
  assert.equal(closed.length, 1);
  assert.ok(closed[0]?.type === "action" && closed[0].observation?.observation === "error");
});

test("[U1] a failure is told once although it is also the reason of the state, and of retries only the last is kept", () => {
  const retry = (text: string): NewEvent => observation("environment", "status", text, { code: "model_unavailable" });
  const items = itemsOf(
    stored(
      retry("again in 1 s"),
      retry("again in 2 s"),
      errorObservation("environment", "model_unavailable", "No model."),
      stateChange("error", "No model."),
    ),
  );
  assert.deepEqual(
    items.map((item) => item.type === "note" && item.text),
    ["again in 2 s", "No model."],
  );
});

test("[U1] kinds that this page does not know are passed over or told by their sentence", () => {
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

test("[U2] only an item that has changed is drawn again", () => {
  const events = stored(run("a"), ran(0), run("b"), ran(2));
  const before = itemsOf(events.slice(0, 3));
  const after = itemsOf(events);
  assert.deepEqual(
    after.map((item, index) => isSame(item, before[index] ?? item)),
    [true, false],
  );
});

function stored(...events: readonly NewEvent[]): readonly Event[] {
  return events.map((event, id) => ({ id, timestamp: new Date(id).toISOString(), ...event }));
}
