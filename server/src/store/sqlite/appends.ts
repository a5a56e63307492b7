/**
 * Group commit: appends that arrive while a transaction waits for the disk share the next one. A failing append does not
 * affect the others.
 */
import { DeckhandError, type Event, type NewEvent } from "@deckhand/protocol";
import type { ConversationId, RowUpdate } from "../event-store.ts";
import type { SqliteCheckpoints } from "./checkpoints.ts";
import type { SqliteCosts } from "./costs.ts";
import { failing, type SqliteFile } from "./sqlite-file.ts";
import { findRow } from "./list.ts";
import { waitingText } from "./rows.ts";
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

type Outcome =
  | { readonly type: "stored"; readonly events: readonly Event[] }
  | { readonly type: "failed"; readonly error: unknown };

interface AppendsDeps {
  readonly file: SqliteFile;
  readonly searchIndex: SearchIndex;
  readonly costs: SqliteCosts;
  readonly checkpoints: SqliteCheckpoints;
  readonly now: () => string;
  /** Called for every append that is on disk. */
  readonly onStored: (conversation: ConversationId, events: readonly Event[]) => void;
}

export class SqliteAppends {
  readonly #deps: AppendsDeps;
  #waiting: Waiting[] = [];

  constructor(deps: AppendsDeps) {
    this.#deps = deps;
  }

  /** Resolves once it is on disk. */
  add(append: Append): Promise<readonly Event[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Event[]>();
    this.#waiting.push({ ...append, resolve, reject });
    if (this.#waiting.length === 1) setImmediate(() => this.commit());
    return promise;
  }

  /** Commits all waiting appends in one transaction, with one wait for the disk. */
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
      if (outcome?.type === "stored") {
        resolve(outcome.events);
        this.#deps.onStored(conversation, outcome.events);
      } else reject(outcome?.error);
    }
  }

  /** An event that a fork or an import brings along. */
  insertCopy(key: number, event: Event): void {
    this.#insertEvent(key, event, null, true);
  }

  #insertEvent(key: number, event: Event, command: string | null, isCopy = false): void {
    this.#deps.file
      .prepare("INSERT INTO event (conversation, id, command, body) VALUES (?, ?, ?, ?)")
      .run(key, event.id, command, JSON.stringify(event));
    this.#deps.searchIndex.add(key, event);
    this.#deps.costs.add(key, event, isCopy);
    this.#deps.checkpoints.add(key, event);
  }

  /** Stores all of its events or none. */
  #try(append: Append): Outcome {
    const { file } = this.#deps;
    try {
      const insert = (): readonly Event[] => this.#insert(append);
      return { type: "stored", events: file.savepoint(() => failing("The event could not be stored", insert)) };
    } catch (error) {
      if (!file.isTransaction) throw error;
      return { type: "failed", error };
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
