import type { AgentState, Event, NewEvent, WaitingDetails } from "@deckhand/protocol";

export type ConversationId = string;

/** What the list of conversations shows; a fold of the log, kept beside it and written in the same transaction. */
export interface ConversationRow {
  readonly id: ConversationId;
  readonly title: string;
  readonly agentState: AgentState | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Id of the last event; -1 for none. */
  readonly head: number;
  readonly costUsd: number;
  /** It was at work when this was written: after a crash its open actions have to be closed. */
  readonly busy: boolean;
  /** What waits for a person; null where nothing does. */
  readonly waiting: WaitingDetails | null;
  /** The conversation whose child it is. */
  readonly parent: ConversationId | null;
  readonly pinned: boolean;
  readonly archived: boolean;
  /** Id of the last event that a person has looked at; -1 for none. */
  readonly seen: number;
}

/** What an append changes in the row. */
export type RowUpdate = Pick<ConversationRow, "title" | "agentState" | "costUsd" | "busy" | "waiting" | "parent">;

/** What a person says of a conversation, beside its name. Nothing of it is in the log. */
export interface Marks {
  readonly pinned?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly seen?: number | undefined;
}

export interface ListOptions {
  /** Only its children; with null only those that are nobody's. */
  readonly parent?: ConversationId | null | undefined;
  /** Only conversations that come after this one in the list. */
  readonly after?: ConversationId | undefined;
  /** At most 100. */
  readonly limit: number;
  /** Part of the title, or words that were said in it or run, each from its beginning. Any text; nothing is an operator. */
  readonly query?: string | undefined;
  /** Only these; all where it is left out. */
  readonly archived?: boolean | undefined;
  readonly pinned?: boolean | undefined;
}

/** Rows that have changed, each as it is by now. */
export interface ListChange {
  readonly rows: readonly ConversationRow[];
  readonly gone: readonly ConversationId[];
  /** There may be more changes than these: read the list again. */
  readonly reload: boolean;
}

/** What a draft appears with. */
export interface DraftRow extends RowUpdate {
  /** The name that a person gave it. */
  readonly name?: string | undefined;
}

/** A log that is written before anybody sees it. What is not published is forgotten, at the latest when it is opened again. */
export interface Draft extends AsyncDisposable {
  /** The next events, with the ids 0, 1, 2 … and the timestamps that they have. */
  append(events: readonly Event[]): Promise<void>;
  /** From now on it is a conversation like any other. */
  publish(row: DraftRow): Promise<void>;
}

/** What a log was folded to, kept beside it so that a long one need not be folded again. */
export interface CachedState {
  /** Whoever reads it asks whether it is theirs. */
  readonly version: string;
  /** Id of the last event that it has in it. */
  readonly head: number;
  readonly body: string;
}

/**
 * The logs of all conversations and their index. One writer per conversation, any number of readers.
 * Every method fails with `store_failed` where the medium does; then nothing of the call is stored.
 */
export interface EventStore extends AsyncDisposable {
  /**
   * Stores all or none, with ids from `expectedNext` on; durable when it resolves. `row` is given the events as they
   * will be stored and tells what the index shows after them. Fails with `conflict` if the log has moved on, with
   * `unknown_conversation` where it was deleted: an id is not made again.
   */
  append(
    conversation: ConversationId,
    expectedNext: number,
    events: readonly NewEvent[],
    row: (stored: readonly Event[]) => RowUpdate,
  ): Promise<readonly Event[]>;
  /**
   * At most `limit` events with ids above `after`, in order; empty for an unknown conversation. Fewer, but at least one,
   * where they are large: a page is about a mebibyte.
   */
  read(conversation: ConversationId, after: number, limit: number): Promise<readonly Event[]>;
  /** What is there after `after`, then what comes: no gap, no repeat, until aborted. Holds one page at most. */
  follow(conversation: ConversationId, after: number, signal: AbortSignal): AsyncIterable<Event>;
  /** The event that a command became, if it was stored. */
  findCommand(conversation: ConversationId, command: string): Promise<number | undefined>;
  /** Replaces the one before; nothing for a conversation that is not there. */
  cacheState(conversation: ConversationId, snapshot: CachedState): Promise<void>;
  /** The last one, never of more than the log has. It may be missing at any time. */
  cachedState(conversation: ConversationId): Promise<CachedState | undefined>;
  row(conversation: ConversationId): Promise<ConversationRow | undefined>;
  /** Newest first. */
  list(options: ListOptions): Promise<readonly ConversationRow[]>;
  /** What waits for a person: approvals first, the next to be denied before the others, then the newest. At most `limit`. */
  waiting(limit: number): Promise<readonly ConversationRow[]>;
  /**
   * What changes in the list from now on, until aborted. Whoever reads slowly gets each conversation once, however often it has
   * changed; nothing is kept for them but a number. The first one has nothing but `again`.
   */
  followList(signal: AbortSignal): AsyncIterable<ListChange>;
  busy(): Promise<readonly ConversationId[]>;
  rename(conversation: ConversationId, title: string): Promise<void>;
  /** What is left out stays; `seen` never goes back. */
  mark(conversation: ConversationId, marks: Marks): Promise<void>;
  delete(conversation: ConversationId): Promise<void>;
  /** Fails with `conflict` where the id is taken. */
  draft(conversation: ConversationId): Promise<Draft>;
}
