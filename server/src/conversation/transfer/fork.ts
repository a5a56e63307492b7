/**
 * Conversations that begin with events of elsewhere: a fork of another one, and one that comes from a file. They are
 * written as a draft and appear whole, at rest. Nothing of them is ever run by itself.
 */
import { setImmediate as othersTurn } from "node:timers/promises";
import {
  action,
  actionSentence,
  DeckhandError,
  emptyState,
  errorObservation,
  fold,
  isAction,
  isWorking,
  observation,
  stateChange,
  type ConversationState,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import type { ConversationId, EventStore } from "../../store/event-store.ts";
import { lostJobEvents } from "../runtime/ended-jobs.ts";
import { lostTerminalEvents } from "../terminals/terminals.ts";
import { rowOf } from "../state-cache.ts";

/** Events read at once; an export holds this many. */
const pageSize = 200;

interface TransferDeps {
  readonly store: EventStore;
  readonly now: () => number;
}

interface ForkOptions {
  readonly from: ConversationId;
  /** Id of the last event that is copied; by default the last there is. */
  readonly at: number | undefined;
  readonly to: ConversationId;
  /** Whose folder it works in, where that was made for one conversation: the fork begins with a copy. */
  readonly copies: ConversationId | undefined;
}

/** Fails with `unknown_conversation`, and with `bad_args` where there is no such event. */
export async function forkConversation(
  { from, at, to, copies }: ForkOptions,
  { store, now }: TransferDeps,
): Promise<void> {
  const row = await store.row(from);
  if (row === undefined) throw new DeckhandError("unknown_conversation");
  const last = at ?? row.head;
  if (last > row.head) {
    throw new DeckhandError("bad_args", `at: the conversation ends with event ${row.head}.`);
  }
  await write(to, withoutCommands(pages(from, last, store)), { store, now }, (state) => ({
    name: `${row.title || "Untitled"} (fork)`,
    end: [
      ...restEvents(
        state,
        `This is a fork of conversation ${from} at event ${last}.`,
        "It had not ended at that event, and does not run here",
      ),
      ...copyEvents(state, copies),
    ],
  }));
}

/** Nobody's child, without children, and where the original's folder was made for it, with a copy of that. */
function copyEvents(state: ConversationState, copies: ConversationId | undefined): readonly NewEvent[] {
  const alone = state.parent !== null || state.children.length > 0;
  if (!alone && copies === undefined) return [];
  const workspace = copies === undefined ? {} : { workspace: { conversation: copies } };
  return [action("environment", "initialize", { ...workspace, ...(alone ? { parent: null } : {}) })];
}

interface ImportOptions {
  readonly events: AsyncIterable<readonly Event[]>;
  /** Its title where it came from. */
  readonly title: string;
  readonly to: ConversationId;
}

/** `events` are checked, with the ids 0, 1, 2 …; where they throw nothing is stored. */
export async function importConversation({ events, title, to }: ImportOptions, deps: TransferDeps): Promise<void> {
  let allows = false;
  async function* watched(): AsyncGenerator<readonly Event[]> {
    for await (const page of events) {
      allows ||= page.some((event) => isAction(event) && event.action === "approve");
      yield page;
    }
  }
  await write(to, watched(), deps, (state) => {
    if (state.head === -1) throw new DeckhandError("bad_args", "There is no event in it.");
    const raised = Object.values(state.limitRaises).some((times) => times > 0);
    const related = state.parent !== null || state.children.length > 0;
    const trusts = allows || raised || related || Object.keys(state.settings).length > 0;
    return {
      name: title === "" || title === state.title ? undefined : title,
      end: [
        ...(trusts ? [observation("environment", "imported", importedSentence, {})] : []),
        ...restEvents(
          state,
          "This conversation was imported.",
          "It had not ended when it was exported, and does not run here",
        ),
      ],
    };
  });
}

/** A folder, a model, an address or a permission in a file that somebody gave us is theirs, not ours. */
const importedSentence = "This conversation was imported; it goes on with the settings of this server.";

/** The events behind `after` up to `last`, page by page. Fails with `unknown_conversation` when it is deleted meanwhile. */
export async function* pages(
  id: ConversationId,
  last: number,
  store: EventStore,
  after = -1,
): AsyncGenerator<readonly Event[], void, void> {
  for (let at = after; at < last;) {
    const page = await store.read(id, at, Math.min(pageSize, last - at));
    if (page.length === 0) throw new DeckhandError("unknown_conversation");
    yield page;
    at += page.length;
    await othersTurn();
  }
}

/** A command belongs to the conversation to which it was sent. */
async function* withoutCommands(events: AsyncIterable<readonly Event[]>): AsyncGenerator<readonly Event[]> {
  for await (const page of events) {
    yield page.map((event) => {
      const { command: _, ...rest } = event;
      return rest;
    });
  }
}

interface Ending {
  /** Of the list; that of the log where there is none. */
  readonly name: string | undefined;
  readonly end: readonly NewEvent[];
}

async function write(
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
    // The store answers at once: without this a long log would be all that the server does.
    await othersTurn();
  }
  const { name, end } = ending(state);
  const timestamp = new Date(now()).toISOString();
  const last = end.map((event, index) => ({ id: state.head + 1 + index, timestamp, ...event }));
  await draft.append(last);
  await draft.publish({ ...rowOf(fold(last, state)), name });
}

/** What brings a log that was cut anywhere to rest; empty for one that rests. */
function restEvents(state: ConversationState, what: string, why: string): readonly NewEvent[] {
  const closed: NewEvent[] = state.open.map((open) =>
    errorObservation(
      open.source,
      "interrupted",
      `${what} ${why}: ${actionSentence(open)} (started ${open.timestamp}). Look at what it did before repeating it.`,
      { cause: open.id, tool_call: open.tool_call },
    ),
  );
  closed.push(...lostJobEvents(state, `${what.charAt(0).toLowerCase()}${what.slice(1, -1)}, and it does not run here`));
  closed.push(...lostTerminalEvents(state));
  const { agentState, awaiting } = state;
  if (!isWorking(agentState) && agentState !== "loading" && awaiting === null) return closed;
  return [...closed, stateChange("paused", `${what} Say \`running\` or send a message to go on.`)];
}
