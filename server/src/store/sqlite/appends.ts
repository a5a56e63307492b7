/**
 * Appends, many in one transaction: while the disk is waited for, others ask, and what they ask for is the next one. What
 * is wrong with one append is nothing to the others.
 */
import { DeckhandError, type Event, type NewEvent } from "@deckhand/protocol";
import type { ConversationId, RowUpdate } from "../event-store.ts";
import type { SqliteCosts } from "./costs.ts";
import { failing, type SqliteFile } from "./sqlite-file.ts";
import { findRow, waitingText } from "./rows.ts";
import type { SearchIndex } from "./search-index.ts";

interface Append {
  readonly conversation: ConversationId;
  readonly expectedNext: number;
  readonly events: readonly NewEvent[];
  readonly row: (stored: readonly Event[]) => RowUpdate;
}

interface Waiting extends Append {
  readonly resolve: (stored: readonly Event[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Outcome {
  readonly stored?: readonly Event[];
  readonly error?: unknown;
}

interface AppendsDeps {
  readonly file: SqliteFile;
  readonly words: SearchIndex;
  readonly costs: SqliteCosts;
  readonly now: () => string;
  /** Is told of what is on the disk. */
  readonly stored: (conversation: ConversationId, events: readonly Event[]) => void;
}

export class SqliteAppends {
  readonly #deps: AppendsDeps;
  #waiting: Waiting[] = [];

  constructor(deps: AppendsDeps) {
    this.#deps = deps;
  }

  /** Resolves when it is on the disk. */
  add(append: Append): Promise<readonly Event[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Event[]>();
    this.#waiting.push({ ...append, resolve, reject });
    if (this.#waiting.length === 1) setImmediate(() => this.commit());
    return promise;
  }

  /** One transaction, and so one wait for the disk, for all that was asked for since the last one. */
  commit(): void {
    const appends = this.#waiting;
    this.#waiting = [];
    if (appends.length === 0) return;
    let outcomes: readonly Outcome[];
    try {
      outcomes = failing("The event could not be stored", () =>
        this.#deps.file.atomically(() => appends.map((append) => this.#try(append))),
      );
    } catch (error) {
      for (const { reject } of appends) reject(error);
      return;
    }
    for (const [index, { conversation, resolve, reject }] of appends.entries()) {
      const outcome = outcomes[index];
      if (outcome?.stored === undefined) {
        reject(outcome?.error);
      } else {
        resolve(outcome.stored);
        this.#deps.stored(conversation, outcome.stored);
      }
    }
  }

  /** An event of elsewhere. */
  insertCopy(key: number, event: Event): void {
    this.#insertEvent(key, event, null, true);
  }

  #insertEvent(key: number, event: Event, command: string | null, isCopy = false): void {
    this.#deps.file
      .prepare("INSERT INTO event (conversation, id, command, body) VALUES (?, ?, ?, ?)")
      .run(key, event.id, command, JSON.stringify(event));
    this.#deps.words.add(key, event);
    this.#deps.costs.add(key, event, isCopy);
  }

  /** All of its events or none. */
  #try(append: Append): Outcome {
    const { file } = this.#deps;
    try {
      return { stored: file.part(() => failing("The event could not be stored", () => this.#insert(append))) };
    } catch (error) {
      if (!file.isTransaction) throw error;
      return { error };
    }
  }

  #insert({ conversation, expectedNext, events, row: rowAfter }: Append): readonly Event[] {
    const { file, now } = this.#deps;
    const found = findRow(file, conversation);
    if ((found?.head ?? -1) + 1 !== expectedNext) throw new DeckhandError("conflict");
    const timestamp = now();
    const stored = events.map((event, index) => ({ id: expectedNext + index, timestamp, ...event }));
    const row = rowAfter(stored);
    const head = expectedNext + stored.length - 1;
    const key = found === undefined ? this.#insertRow(conversation, head, timestamp, row) : found.key;
    if (found !== undefined) {
      file
        .prepare(
          "UPDATE conversation SET title = ?, agent_state = ?, cost_usd = ?, busy = ?, waiting = ?, parent = ?, head = ?, updated_at = ? WHERE key = ?",
        )
        .run(
          row.title,
          row.agentState,
          row.costUsd,
          Number(row.busy),
          waitingText(row.waiting),
          row.parent,
          head,
          timestamp,
          key,
        );
    }
    for (const event of stored) this.#insertEvent(key, event, event.command ?? null);
    return stored;
  }

  #insertRow(conversation: ConversationId, head: number, at: string, row: RowUpdate): number {
    const { file } = this.#deps;
    if (file.prepare("SELECT 1 FROM deleted WHERE id = ?").get(conversation) !== undefined) {
      throw new DeckhandError("unknown_conversation", "This conversation was deleted.");
    }
    const inserted = file
      .prepare(
        `INSERT INTO conversation (id, title, agent_state, cost_usd, busy, waiting, parent, head, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        conversation,
        row.title,
        row.agentState,
        row.costUsd,
        Number(row.busy),
        waitingText(row.waiting),
        row.parent,
        head,
        at,
        at,
      );
    return Number(inserted.lastInsertRowid);
  }
}
