import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyState } from "@deckhand/protocol";
import { notifyProjections, projections } from "./projections.ts";

const order = [
  "busy",
  "subagents",
  "liveDeltas",
  "turn",
  "checkpoints",
  "approvalTimer",
  "titles",
  "runtime",
  "endedJobs",
];

test("[K14] the collaborators of a conversation are notified of stored events in a fixed order", () => {
  assert.deepEqual(
    projections.map(({ name }) => name),
    order,
  );
  const called: string[] = [];
  /** Records the call of any method of the collaborator. */
  const recorder = (name: string): unknown => new Proxy({}, { get: () => () => void called.push(name) });
  const components = Object.fromEntries(order.map((name) => [name, recorder(name)]));
  const targets = {
    conversation: {},
    setBusy: () => void called.push("busy"),
    subagents: recorder("subagents"),
    components,
    wantsTitles: true,
  };
  const change = { events: [], before: emptyState, state: emptyState, isBusy: false };
  notifyProjections({ ...targets, isClosing: false } as never, change);
  assert.deepEqual(called, order);
  called.length = 0;
  notifyProjections({ ...targets, isClosing: true } as never, change);
  assert.deepEqual(
    called,
    order.filter((name) => name !== "approvalTimer" && name !== "titles"),
    "no timer and no model call is started for a conversation that is closing",
  );
});
