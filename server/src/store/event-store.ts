import type { AgentState, Event, NewEvent, WaitingDetails } from "@deckhand/protocol";

export type ConversationId = string;

/** A row of the list of conversations: derived from the log, and written in the same transaction. */
export interface ConversationRow {
  readonly id: ConversationId;
  readonly title: string;
  readonly agentState: AgentState | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Id of the last event; -1 for none. */
  readonly head: number;
  readonly costUsd: number;
  /** It was at work when this was written; after a crash its open actions have to be closed. */
  readonly busy: boolean;
  /** What waits for a person; null if nothing does. */
  readonly waiting: WaitingDetails | null;
  /** The conversation that it works for as a subagent. */
  readonly parent: ConversationId | null;
  readonly pinned: boolean;
  readonly archived: boolean;
  /** Id of the last event that a person has seen; -1 for none. */
  readonly seen: number;
}

/** The fields of a row that an append updates. */
export type RowUpdate = Pick<ConversationRow, "title" | "agentState" | "costUsd" | "busy" | "waiting" | "parent">;

/** What a person sets for a conversation, apart from its title. It is not in the log. */
export interface Marks {
  readonly pinned?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly seen?: number | undefined;
}

export interface ListOptions {
  /** Only its subagents; with null only conversations without a parent. */
  readonly parent?: ConversationId | null | undefined;
  /** Only conversations after this one in the list. */
  readonly after?: ConversationId | undefined;
  /** At most 100. */
  readonly limit: number;
  /** Part of the title, or prefixes of words in its messages and commands. Any text; nothing is an operator. */
  readonly query?: string | undefined;
  /** Only these; all if left out. */
  readonly archived?: boolean | undefined;
  readonly pinned?: boolean | undefined;
}

/** Rows that have changed, with their present values. */
export interface ListChange {
  readonly rows: readonly ConversationRow[];
  readonly gone: readonly ConversationId[];
  /** There may be more changes than these: read the list again. */
  readonly reload: boolean;
}

/** The row of a published draft. */
export interface DraftRow extends RowUpdate {
  /** A title set by a person. */
  readonly name?: string | undefined;
}

/** A log that is not visible yet. What is not published is deleted, at the latest after the store is opened again. */
export interface Draft extends AsyncDisposable {
  /** Appends the next events, with the ids 0, 1, 2 … and their own timestamps. */
  append(events: readonly Event[]): Promise<void>;
  /** Makes it a conversation like any other. */
  publish(row: DraftRow): Promise<void>;
}

/** The state that a log folds to, cached so that a long log need not be folded again. */
export interface CachedState {
  /** The version of the fold; a reader of another version ignores the state. */
  readonly version: string;
  /** Id of the last event that it includes. */
  readonly head: number;
  readonly body: string;
}

/**
 * The logs of all conversations and their index. One writer per conversation, any number of readers.
 * Every method fails with `store_failed` if the medium fails; then the call has stored nothing.
 */
export interface EventStore extends AsyncDisposable {
  /**
   * Stores all events or none, with ids from `expectedNext` on; durable when it resolves. `row` gets the events as they will
   * be stored and returns the new row of the list. Fails with `conflict` if the log has moved on, and with
   * `unknown_conversation` if it was deleted: an id is not reused.
   */
  append(
    conversation: ConversationId,
    expectedNext: number,
    events: readonly NewEvent[],
    row: (stored: readonly Event[]) => RowUpdate,
  ): Promise<readonly Event[]>;
  /**
   * At most `limit` events with ids above `after`, in order; empty for an unknown conversation. Fewer, but at least one, if
   * they are large: a page is about a mebibyte.
   */
  read(conversation: ConversationId, after: number, limit: number): Promise<readonly Event[]>;
  /** The events after `after`, then new ones as they come, without gap or repeat, until aborted. Holds one page at most. */
  follow(conversation: ConversationId, after: number, signal: AbortSignal): AsyncIterable<Event>;
  /** The event that a command became, if it was stored. */
  findCommand(conversation: ConversationId, command: string): Promise<number | undefined>;
  /** Replaces the cached state; does nothing for a conversation that does not exist. */
  cacheState(conversation: ConversationId, snapshot: CachedState): Promise<void>;
  /** The cached state, never ahead of the log. It may be missing at any time. */
  cachedState(conversation: ConversationId): Promise<CachedState | undefined>;
  row(conversation: ConversationId): Promise<ConversationRow | undefined>;
  /** Newest first. */
  list(options: ListOptions): Promise<readonly ConversationRow[]>;
  /** Conversations that wait for a person: approvals first, by deadline, then the newest. At most `limit`. */
  waiting(limit: number): Promise<readonly ConversationRow[]>;
  /**
   * Changes of the list from now on, until aborted. A slow reader gets each conversation once, however often it has changed;
   * only a number is kept per reader. The first change asks to read the list.
   */
  followList(signal: AbortSignal): AsyncIterable<ListChange>;
  busy(): Promise<readonly ConversationId[]>;
  rename(conversation: ConversationId, title: string): Promise<void>;
  /** Fields that are left out stay; `seen` never decreases. */
  mark(conversation: ConversationId, marks: Marks): Promise<void>;
  /** Durable when it resolves. The events are deleted in the background, if need be after a restart. */
  delete(conversation: ConversationId): Promise<void>;
  /** Fails with `exists` if the id is taken. */
  draft(conversation: ConversationId): Promise<Draft>;
}
