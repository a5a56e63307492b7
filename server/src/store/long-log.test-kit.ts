/** For tests and benchmarks: realistic logs, written at once. */
import { action, actionArgs, observation, stateChange, type NewEvent } from "@deckhand/protocol";
import type { EventStore, RowUpdate } from "./event-store.ts";

export interface LongLog {
  readonly id: string;
  /** The minimum number of events; the last step is complete. */
  readonly count: number;
  /** Output length of each command; 200 by default. */
  readonly outputChars?: number;
}

const args = actionArgs.run.parse({ command: "ls -l" });
const ran = { command: args.command, exit_code: 0, cwd: "/w", duration_ms: 4, truncated: false, hidden: false };
const usage = { input: 900, output: 20, cached_input: 0, cache_write: 0, reasoning: 0 };
const reply = {
  model: "a-model",
  finish_reason: "calls",
  usage,
  cost_usd: 0.01,
  duration_ms: 900,
  first_token_ms: 300,
};

/** A task, then steps of reply, command and output; paused. Returns the number of events. */
export async function writeLog(store: EventStore, { id, count, outputChars = 200 }: LongLog): Promise<number> {
  const row = (): RowUpdate => ({
    title: `task ${id}`,
    agentState: "paused",
    costUsd: 0.25,
    busy: false,
    waiting: null,
    parent: null,
  });
  const opening = [
    action("user", "start", { task: `task ${id}` }),
    stateChange("paused"),
    observation("user", "chat", `task ${id}`, { image_urls: null }, { cause: 0 }),
  ];
  await store.append(id, 0, opening, row);
  let next = opening.length;
  while (next < count) {
    const events: NewEvent[] = [];
    while (events.length < Math.min(300, count - next)) events.push(...step(next + events.length, outputChars));
    await store.append(id, next, events, row);
    next += events.length;
  }
  return next;
}

function step(first: number, outputChars: number): NewEvent[] {
  const id = `call_${first}`;
  const from = { tool_call: { reply: first, id } };
  const parts = [{ type: "call" as const, id, name: "run", arguments: JSON.stringify({ command: args.command }) }];
  return [
    observation("agent", "reply", "", { ...reply, parts }),
    action("agent", "run", args, from),
    observation("agent", "run", "total 8\n".repeat(outputChars / 8), ran, { ...from, cause: first + 1 }),
  ];
}
