/** Writes a conversation that begins with existing events. It appears when it is complete, and at rest: nothing in it runs. */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  actionSentence,
  emptyState,
  errorObservation,
  fold,
  isWorking,
  stateChange,
  type ConversationState,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import type { ConversationId, EventStore } from "../../store/event-store.ts";
import { lostJobEvents } from "../runtime/ended-jobs.ts";
import { rowOf } from "../state-cache.ts";
import { lostTerminalEvents } from "../terminals/terminals.ts";

export interface TransferDeps {
  readonly store: EventStore;
  readonly now: () => number;
}

export interface Ending {
  /** The title in the list; the one from the log when undefined. */
  readonly name: string | undefined;
  readonly events: readonly NewEvent[];
}

/** `ending` gives the events that end the log, for the state after the existing ones. */
export async function writeNewLog(
  id: ConversationId,
  events: AsyncIterable<readonly Event[]>,
  { store, now }: TransferDeps,
  ending: (state: ConversationState) => Ending,
): Promise<void> {
  await using draft = await store.draft(id);
  let state = emptyState;
  for await (const page of events) {
    state = fold(page, state);
    await draft.append(page);
    // The store answers at once: without this, a long log would be all that the server does.
    await nextTurn();
  }
  const { name, events: last } = ending(state);
  const timestamp = new Date(now()).toISOString();
  const withIds = last.map((event, index) => ({ id: state.head + 1 + index, timestamp, ...event }));
  await draft.append(withIds);
  await draft.publish({ ...rowOf(fold(withIds, state)), name });
}

/** Brings a log that was cut off anywhere to rest; empty for one that is at rest. */
export function restingEvents(state: ConversationState, origin: string, reason: string): readonly NewEvent[] {
  const closed: NewEvent[] = state.open.map((open) =>
    errorObservation(
      open.source,
      "interrupted",
      `${origin} ${reason}: ${actionSentence(open)} (started ${open.timestamp}). Check what it did before repeating it.`,
      { cause: open.id, tool_call: open.tool_call },
    ),
  );
  closed.push(
    ...lostJobEvents(state, `${origin.charAt(0).toLowerCase()}${origin.slice(1, -1)}, and it does not run here`),
  );
  closed.push(...lostTerminalEvents(state));
  const { agentState, awaiting } = state;
  if (!isWorking(agentState) && agentState !== "loading" && awaiting === null) return closed;
  return [...closed, stateChange("paused", `${origin} Say \`running\` or send a message to go on.`)];
}
