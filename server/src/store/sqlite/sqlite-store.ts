/**
 * All logs in one SQLite file: WAL with `synchronous=FULL`, so a commit is on disk before anyone sees it (about 0.2 ms on a
 * disk that flushes honestly). The calls are synchronous: a worker thread would cost more than it saves. The file is locked
 * by this process, which also keeps the WAL index in memory instead of in a shared file.
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
import type { CheckpointIndex } from "../checkpoint-index.ts";
import { ListChanges } from "../list-changes.ts";
import type { RuleStore } from "../rule-store.ts";
import { SqliteAppends } from "./appends.ts";
import type { CostStore } from "../cost-store.ts";
import { SqliteCheckpoints } from "./checkpoints.ts";
import { SqliteCosts } from "./costs.ts";
import { SqliteDeletions } from "./deletions.ts";
import { SqliteDraft } from "./draft.ts";
import { failing, SqliteFile } from "./sqlite-file.ts";
import { SqliteRules } from "./rules.ts";
import { listRows, markRow, waitingRows, findRow } from "./list.ts";
import { toRow } from "./rows.ts";
import { SearchIndex } from "./search-index.ts";
import type { Store } from "../store.ts";
import { Waiters } from "../waiters.ts";

/** Events read at once while following; the most that a slow reader holds in memory. */
const pageSize = 64;
/** JSON characters; a page of large events is cut here. */
const pageChars = 1024 * 1024;
/** Deleted ids that are remembered: more than any client has in flight. */
const maxDeletedIds = 10_000;

/** Opens the store; creates the file and its folder. `now` is the clock, in milliseconds since 1970. */
export function openSqliteStore(file: string, now: () => number = Date.now): Store {
  return new SqliteStore(file, now);
}

class SqliteStore implements Store {
  readonly rules: RuleStore;
  readonly costs: CostStore;
  readonly checkpointIndex: CheckpointIndex;
  readonly #file: SqliteFile;
  readonly #now: () => string;
  readonly #searchIndex: SearchIndex;
  readonly #appends: SqliteAppends;
  readonly #deletions: SqliteDeletions;
  readonly #waiters = new Waiters();
  readonly #listChanges = new ListChanges((id) => this.#row(id));

  constructor(file: string, now: () => number) {
    this.#file = new SqliteFile(file);
    this.#now = () => new Date(now()).toISOString();
    this.rules = new SqliteRules(this.#file, this.#now);
    this.#searchIndex = new SearchIndex(this.#file);
    const checkpoints = new SqliteCheckpoints(this.#file);
    this.checkpointIndex = checkpoints;
    this.#deletions = this.#continueDeletions(file, checkpoints);
    const costs = new SqliteCosts(this.#file);
    this.costs = costs;
    this.#appends = new SqliteAppends({
      file: this.#file,
      searchIndex: this.#searchIndex,
      costs,
      checkpoints,
      now: this.#now,
      onStored: (conversation, events) => {
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
    let news: readonly Event[] = [];
    while (!signal.aborted) {
      // A waiting follower gets the stored events themselves: however many follow, nothing is read or parsed again.
      const page = news[0]?.id === at + 1 ? news : await this.read(conversation, at, pageSize);
      news = [];
      for (const event of page) {
        if (signal.aborted) return;
        yield event;
        at = event.id;
      }
      if (page.length > 0) continue;
      // Nothing is missed between this look and the wait, because both happen in the same turn of the event loop.
      const head = findRow(this.#file, conversation)?.head;
      if (head === undefined && at >= 0) return;
      if ((head ?? -1) <= at) news = await this.#waiters.wait(conversation, signal);
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

  // The table is still called `snapshot`, as in files of earlier versions: a rename would need a migration of its own.
  async cacheState(conversation: ConversationId, { version, head, body }: CachedState): Promise<void> {
    failing("The cached state could not be stored", () =>
      this.#file
        .prepare(
          "INSERT OR REPLACE INTO snapshot (conversation, version, head, body) SELECT key, ?, ?, ? FROM conversation WHERE id = ?",
        )
        .run(version, head, body, conversation),
    );
  }

  async cachedState(conversation: ConversationId): Promise<CachedState | undefined> {
    const row = failing("The cached state could not be read", () =>
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
    return listRows(this.#file, this.#searchIndex, options);
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
    const key = failing("The index could not be read", () => findRow(this.#file, conversation)?.key);
    failing("The conversation could not be deleted", () =>
      this.#file.atomically(() => {
        if (key !== undefined) this.#deletions.hide(key);
        const { lastInsertRowid } = this.#file
          .prepare("INSERT OR REPLACE INTO deleted (id) VALUES (?)")
          .run(conversation);
        this.#file.prepare("DELETE FROM deleted WHERE key <= ?").run(Number(lastInsertRowid) - maxDeletedIds);
      }),
    );
    if (key !== undefined) this.#deletions.sweep(key);
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
      discard: (key) => {
        failing("The draft could not be deleted", () => this.#file.atomically(() => this.#deletions.hide(key)));
        this.#deletions.sweep(key);
      },
    });
  }

  #continueDeletions(file: string, checkpoints: SqliteCheckpoints): SqliteDeletions {
    try {
      return failing(`The log ${file} could not be opened`, () => new SqliteDeletions(this.#file, checkpoints));
    } catch (error) {
      this.#file[Symbol.dispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#appends.commit();
    this.#deletions.close();
    this.#waiters.wakeAll();
    this.#listChanges.close();
    this.#file[Symbol.dispose]();
  }
}
