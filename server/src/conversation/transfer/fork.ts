import { action, DeckhandError, type ConversationState, type Event, type NewEvent } from "@deckhand/protocol";
import type { ConversationId } from "../../store/event-store.ts";
import { restingEvents, writeNewLog, type TransferDeps } from "./new-log.ts";
import { eventPages } from "./pages.ts";

interface ForkOptions {
  readonly from: ConversationId;
  /** Id of the last event to copy; the last one of the log by default. */
  readonly at: number | undefined;
  readonly to: ConversationId;
  /** The conversation whose own workspace the fork gets a copy of; undefined to share the original's workspace. */
  readonly copyOf: ConversationId | undefined;
}

/** Fails with `unknown_conversation`, and with `bad_args` if there is no such event. */
export async function forkConversation({ from, at, to, copyOf }: ForkOptions, deps: TransferDeps): Promise<void> {
  const row = await deps.store.row(from);
  if (row === undefined) throw new DeckhandError("unknown_conversation");
  const last = at ?? row.head;
  if (last > row.head) throw new DeckhandError("bad_args", `at: the conversation ends with event ${row.head}.`);
  await writeNewLog(to, withoutCommands(eventPages(from, last, deps.store)), deps, (state) => ({
    name: `${row.title || "Untitled"} (fork)`,
    events: [
      ...restingEvents(
        state,
        `This is a fork of conversation ${from} at event ${last}.`,
        "At that event the action was still running, and it does not run here",
      ),
      ...detachEvents(state, copyOf),
    ],
  }));
}

/** A fork has no parent and no subagents, and it works in a copy if the original's workspace was created for it. */
function detachEvents(state: ConversationState, copyOf: ConversationId | undefined): readonly NewEvent[] {
  const isLinked = state.parent !== null || state.children.length > 0;
  if (!isLinked && copyOf === undefined) return [];
  const workspace = copyOf === undefined ? {} : { workspace: { conversation: copyOf } };
  return [action("environment", "initialize", { ...workspace, ...(isLinked ? { parent: null } : {}) })];
}

/** A command id belongs to the conversation that the command was sent to. */
async function* withoutCommands(events: AsyncIterable<readonly Event[]>): AsyncGenerator<readonly Event[]> {
  for await (const page of events) {
    yield page.map((event) => {
      const { command: _, ...rest } = event;
      return rest;
    });
  }
}
