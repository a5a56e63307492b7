/**
 * The log in one SQLite file: WAL, `synchronous=FULL`, so a commit is on the disk before it is shown (about 0.2 ms on a
 * machine whose disk is honest about it). The calls are synchronous: a thread between would cost more than it saves.
 * While the disk is waited for, others ask; what they ask for is one transaction, the next.
 * The file is locked for this process alone, which also keeps the index of the WAL in memory instead of a shared file.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DeckhandError, type Event, type NewEvent } from "@deckhand/protocol";
import type { ConversationId, ConversationRow, EventStore, ListOptions, RowUpdate, Snapshot } from "./event-store.ts";
import { schema, toRow, type StoredRow } from "./sqlite-rows.ts";
import { Waiters } from "./waiters.ts";

/** Events read at once while following: a slow reader holds this many and no more. */
const pageSize = 64;
/** Of JSON: a page of large events is cut here. */
const pageChars = 1024 * 1024;

interface Append {
  readonly conversation: ConversationId;
  readonly expectedNext: number;
  readonly events: readonly NewEvent[];
  readonly row: (stored: readonly Event[]) => RowUpdate;
  readonly resolve: (stored: readonly Event[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Outcome {
  readonly stored?: readonly Event[];
  readonly error?: unknown;
}

/** Opens the store, making the file and its folder. `now` is the clock, in milliseconds since 1970. */
export function openSqliteStore(file: string, now: () => number = Date.now): EventStore {
  return new SqliteStore(file, now);
}

class SqliteStore implements EventStore {
  readonly #db: DatabaseSync;
  readonly #now: () => number;
  readonly #waiters = new Waiters();
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Append[] = [];

  constructor(file: string, now: () => number) {
    this.#now = now;
    this.#db = failing(`The log ${file} could not be opened`, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      db.exec(schema);
      return db;
    });
  }

  append(
    conversation: ConversationId,
    expectedNext: number,
    events: readonly NewEvent[],
    row: (stored: readonly Event[]) => RowUpdate,
  ): Promise<readonly Event[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Event[]>();
    this.#waiting.push({ conversation, expectedNext, events, row, resolve, reject });
    if (this.#waiting.length === 1) setImmediate(() => this.#commit());
    return promise;
  }

  /** One transaction, and so one wait for the disk, for all that was asked for since the last one. */
  #commit(): void {
    const appends = this.#waiting;
    this.#waiting = [];
    if (appends.length === 0) return;
    let outcomes: readonly Outcome[];
    try {
      outcomes = failing("The event could not be stored", () => this.#transaction(appends));
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
        this.#waiters.wake(conversation, outcome.stored);
      }
    }
  }

  #transaction(appends: readonly Append[]): Outcome[] {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const outcomes = appends.map((append) => this.#tryAppend(append));
      this.#db.exec("COMMIT");
      return outcomes;
    } catch (error) {
      // After some failures (a full disk) SQLite has rolled back by itself.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** All of its events or none; what is wrong with one append is nothing to the others. */
  #tryAppend(append: Append): Outcome {
    this.#db.exec("SAVEPOINT one");
    try {
      const stored = failing("The event could not be stored", () => this.#insert(append));
      this.#db.exec("RELEASE one");
      return { stored };
    } catch (error) {
      if (!this.#db.isTransaction) throw error;
      this.#db.exec("ROLLBACK TO one; RELEASE one");
      return { error };
    }
  }

  #insert({ conversation, expectedNext, events, row: rowAfter }: Append): readonly Event[] {
    const found = this.#find(conversation);
    if ((found?.head ?? -1) + 1 !== expectedNext) throw new DeckhandError("conflict");
    const timestamp = new Date(this.#now()).toISOString();
    const stored = events.map((event, index) => ({ id: expectedNext + index, timestamp, ...event }));
    const row = rowAfter(stored);
    const head = expectedNext + stored.length - 1;
    const key = found === undefined ? this.#insertRow(conversation, head, timestamp, row) : found.key;
    if (found !== undefined) {
      this.#prepare(
        "UPDATE conversation SET title = ?, agent_state = ?, cost_usd = ?, busy = ?, head = ?, updated_at = ? WHERE key = ?",
      ).run(row.title, row.agentState, row.costUsd, Number(row.busy), head, timestamp, key);
    }
    const insert = this.#prepare("INSERT INTO event (conversation, id, command, body) VALUES (?, ?, ?, ?)");
    for (const event of stored) insert.run(key, event.id, event.command ?? null, JSON.stringify(event));
    return stored;
  }

  #insertRow(conversation: ConversationId, head: number, at: string, row: RowUpdate): number {
    const inserted = this.#prepare(
      "INSERT INTO conversation (id, title, agent_state, cost_usd, busy, head, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(conversation, row.title, row.agentState, row.costUsd, Number(row.busy), head, at, at);
    return Number(inserted.lastInsertRowid);
  }

  async read(conversation: ConversationId, after: number, limit: number): Promise<readonly Event[]> {
    return failing("The log could not be read", () => {
      const rows = this.#prepare(
        "SELECT body FROM event WHERE conversation = (SELECT key FROM conversation WHERE id = ?) AND id > ? ORDER BY id LIMIT ?",
      ).iterate(conversation, after, limit);
      const page: Event[] = [];
      let chars = 0;
      for (const row of rows) {
        const body = String(row["body"]);
        chars += body.length;
        if (chars > pageChars && page.length > 0) break;
        page.push(JSON.parse(body) as Event);
      }
      return page;
    });
  }

  async *follow(conversation: ConversationId, after: number, signal: AbortSignal): AsyncGenerator<Event> {
    let at = after;
    let told: readonly Event[] = [];
    while (!signal.aborted) {
      // Whoever was waiting is told what was stored: however many follow, it is neither read nor parsed again.
      const page = told[0]?.id === at + 1 ? told : await this.read(conversation, at, pageSize);
      told = [];
      for (const event of page) {
        if (signal.aborted) return;
        yield event;
        at = event.id;
      }
      if (page.length > 0) continue;
      const changed = this.#waiters.wait(conversation, signal);
      // What was stored between the read and the wait is not missed; a log that is gone is not waited for.
      const head = this.#find(conversation)?.head;
      if (head === undefined && at >= 0) return;
      if ((head ?? -1) <= at) told = await changed;
    }
  }

  async findCommand(conversation: ConversationId, command: string): Promise<number | undefined> {
    const row = failing("The log could not be read", () =>
      this.#prepare(
        "SELECT id FROM event WHERE conversation = (SELECT key FROM conversation WHERE id = ?) AND command = ?",
      ).get(conversation, command),
    );
    return row === undefined ? undefined : Number(row["id"]);
  }

  async keepSnapshot(conversation: ConversationId, { version, head, body }: Snapshot): Promise<void> {
    failing("The snapshot could not be stored", () =>
      this.#prepare(
        "INSERT OR REPLACE INTO snapshot (conversation, version, head, body) SELECT key, ?, ?, ? FROM conversation WHERE id = ?",
      ).run(version, head, body, conversation),
    );
  }

  async snapshot(conversation: ConversationId): Promise<Snapshot | undefined> {
    const row = failing("The snapshot could not be read", () =>
      this.#prepare(
        `SELECT version, snapshot.head AS head, body FROM snapshot JOIN conversation ON conversation = key
         WHERE id = ? AND snapshot.head <= conversation.head`,
      ).get(conversation),
    );
    return row as Snapshot | undefined;
  }

  async row(conversation: ConversationId): Promise<ConversationRow | undefined> {
    const found = failing("The index could not be read", () => this.#find(conversation));
    return found === undefined ? undefined : toRow(found);
  }

  async list({ after, limit, query }: ListOptions): Promise<readonly ConversationRow[]> {
    const from = after === undefined ? undefined : this.#find(after);
    const pattern = `%${(query ?? "").replaceAll(/[\\%_]/g, "\\$&")}%`;
    const rows = failing("The index could not be read", () =>
      this.#prepare(
        `SELECT * FROM conversation
         WHERE coalesce(name, title) LIKE ? ESCAPE '\\' AND (updated_at, key) < (?, ?)
         ORDER BY updated_at DESC, key DESC LIMIT ?`,
      ).all(pattern, from?.updated_at ?? "9999", from?.key ?? 0, Math.min(limit, 100)),
    );
    return rows.map((row) => toRow(row as unknown as StoredRow));
  }

  async busy(): Promise<readonly ConversationId[]> {
    return this.#prepare("SELECT id FROM conversation WHERE busy = 1")
      .all()
      .map((row) => String(row["id"]));
  }

  async rename(conversation: ConversationId, title: string): Promise<void> {
    failing("The title could not be stored", () =>
      this.#prepare("UPDATE conversation SET name = ? WHERE id = ?").run(title, conversation),
    );
  }

  async delete(conversation: ConversationId): Promise<void> {
    failing("The conversation could not be deleted", () =>
      this.#prepare("DELETE FROM conversation WHERE id = ?").run(conversation),
    );
    this.#waiters.wake(conversation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#commit();
    this.#waiters.wakeAll();
    this.#db.close();
  }

  #find(conversation: ConversationId): StoredRow | undefined {
    return this.#prepare("SELECT * FROM conversation WHERE id = ?").get(conversation) as StoredRow | undefined;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}

function failing<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DeckhandError("store_failed", `${sentence}: ${why}.`, { cause: error });
  }
}
