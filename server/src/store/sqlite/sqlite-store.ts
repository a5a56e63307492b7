/**
 * The log in one SQLite file: WAL, `synchronous=FULL`, so a commit is on the disk before it is shown (about 0.2 ms on a
 * machine whose disk is honest about it). The calls are synchronous: a thread between would cost more than it saves.
 * The file is locked for this process alone, which also keeps the index of the WAL in memory instead of a shared file.
 */
import type { Event, NewEvent } from "@deckhand/protocol";
import type {
  ConversationId,
  ConversationRow,
  Draft,
  ListChange,
  ListOptions,
  Marks,
  RowUpdate,
  CachedState,
} from "../event-store.ts";
import { ListChanges } from "../list-changes.ts";
import type { RuleStore } from "../rule-store.ts";
import { SqliteAppends } from "./appends.ts";
import type { CostStore } from "../cost-store.ts";
import { SqliteCosts } from "./costs.ts";
import { SqliteDraft } from "./draft.ts";
import { failing, SqliteFile } from "./sqlite-file.ts";
import { SqliteRules } from "./rules.ts";
import { listRows, markRow, waitingRows } from "./list.ts";
import { findRow, toRow } from "./rows.ts";
import { SearchIndex } from "./search-index.ts";
import type { Store } from "../store.ts";
import { Waiters } from "../waiters.ts";

/** Events read at once while following: a slow reader holds this many and no more. */
const pageSize = 64;
/** Of JSON: a page of large events is cut here. */
const pageChars = 1024 * 1024;
/** Deleted ids that are remembered: more than any client has in flight. */
const mostDeleted = 10_000;
/** Opens the store, making the file and its folder. `now` is the clock, in milliseconds since 1970. */
export function openSqliteStore(file: string, now: () => number = Date.now): Store {
  return new SqliteStore(file, now);
}

class SqliteStore implements Store {
  readonly rules: RuleStore;
  readonly costs: CostStore;
  readonly #file: SqliteFile;
  readonly #now: () => string;
  readonly #words: SearchIndex;
  readonly #appends: SqliteAppends;
  readonly #waiters = new Waiters();
  readonly #listChanges = new ListChanges((id) => this.#row(id));

  constructor(file: string, now: () => number) {
    this.#file = new SqliteFile(file);
    this.#now = () => new Date(now()).toISOString();
    this.rules = new SqliteRules(this.#file, this.#now);
    this.#words = new SearchIndex(this.#file);
    const costs = new SqliteCosts(this.#file);
    this.costs = costs;
    this.#appends = new SqliteAppends({
      file: this.#file,
      words: this.#words,
      costs,
      now: this.#now,
      stored: (conversation, events) => {
        this.#waiters.wake(conversation, events);
        this.#listChanges.changed(conversation);
      },
    });
  }

  append(
    conversation: ConversationId,
    expectedNext: number,
    events: readonly NewEvent[],
    row: (stored: readonly Event[]) => RowUpdate,
  ): Promise<readonly Event[]> {
    return this.#appends.add({ conversation, expectedNext, events, row });
  }

  async read(conversation: ConversationId, after: number, limit: number): Promise<readonly Event[]> {
    return failing("The log could not be read", () => {
      const rows = this.#file
        .prepare(
          "SELECT body FROM event WHERE conversation = (SELECT key FROM conversation WHERE id = ?) AND id > ? ORDER BY id LIMIT ?",
        )
        .iterate(conversation, after, limit);
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
      const head = findRow(this.#file, conversation)?.head;
      if (head === undefined && at >= 0) return;
      if ((head ?? -1) <= at) told = await changed;
    }
  }

  async findCommand(conversation: ConversationId, command: string): Promise<number | undefined> {
    const row = failing("The log could not be read", () =>
      this.#file
        .prepare(
          "SELECT id FROM event WHERE conversation = (SELECT key FROM conversation WHERE id = ?) AND command = ?",
        )
        .get(conversation, command),
    );
    return row === undefined ? undefined : Number(row["id"]);
  }

  async cacheState(conversation: ConversationId, { version, head, body }: CachedState): Promise<void> {
    failing("The snapshot could not be stored", () =>
      this.#file
        .prepare(
          "INSERT OR REPLACE INTO snapshot (conversation, version, head, body) SELECT key, ?, ?, ? FROM conversation WHERE id = ?",
        )
        .run(version, head, body, conversation),
    );
  }

  async cachedState(conversation: ConversationId): Promise<CachedState | undefined> {
    const row = failing("The snapshot could not be read", () =>
      this.#file
        .prepare(
          `SELECT version, snapshot.head AS head, body FROM snapshot JOIN conversation ON conversation = key
         WHERE id = ? AND snapshot.head <= conversation.head`,
        )
        .get(conversation),
    );
    return row as CachedState | undefined;
  }

  async row(conversation: ConversationId): Promise<ConversationRow | undefined> {
    return this.#row(conversation);
  }

  #row(conversation: ConversationId): ConversationRow | undefined {
    const found = failing("The index could not be read", () => findRow(this.#file, conversation));
    return found === undefined ? undefined : toRow(found);
  }

  async list(options: ListOptions): Promise<readonly ConversationRow[]> {
    return listRows(this.#file, this.#words, options);
  }

  async waiting(limit: number): Promise<readonly ConversationRow[]> {
    return waitingRows(this.#file, limit);
  }

  followList(signal: AbortSignal): AsyncIterable<ListChange> {
    return this.#listChanges.follow(signal);
  }

  async busy(): Promise<readonly ConversationId[]> {
    return this.#file
      .prepare("SELECT id FROM conversation WHERE busy = 1")
      .all()
      .map((row) => String(row["id"]));
  }

  async rename(conversation: ConversationId, title: string): Promise<void> {
    failing("The title could not be stored", () =>
      this.#file.prepare("UPDATE conversation SET name = ? WHERE id = ?").run(title, conversation),
    );
    this.#listChanges.changed(conversation);
  }

  async mark(conversation: ConversationId, marks: Marks): Promise<void> {
    if (markRow(this.#file, conversation, marks)) this.#listChanges.changed(conversation);
  }

  async delete(conversation: ConversationId): Promise<void> {
    failing("The conversation could not be deleted", () =>
      this.#file.atomically(() => {
        this.#file.prepare("DELETE FROM conversation WHERE id = ?").run(conversation);
        const { lastInsertRowid } = this.#file
          .prepare("INSERT OR REPLACE INTO deleted (id) VALUES (?)")
          .run(conversation);
        this.#file.prepare("DELETE FROM deleted WHERE key <= ?").run(Number(lastInsertRowid) - mostDeleted);
      }),
    );
    this.#waiters.wake(conversation);
    this.#listChanges.changed(conversation);
  }

  async draft(conversation: ConversationId): Promise<Draft> {
    return new SqliteDraft(conversation, {
      prepare: (sql) => this.#file.prepare(sql),
      insertEvent: (key, event) => this.#appends.insertCopy(key, event),
      atomically: (work) => failing("The conversation could not be stored", () => this.#file.atomically(work)),
      now: this.#now,
      published: () => this.#listChanges.changed(conversation),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#appends.commit();
    this.#waiters.wakeAll();
    this.#listChanges.close();
    this.#file[Symbol.dispose]();
  }
}
