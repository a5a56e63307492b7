/** The open database file: its statements, kept once they are made, and its transactions. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DeckhandError } from "@deckhand/protocol";
import { migrate } from "./schema.ts";

export class SqliteFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #rollbacks = 0;

  /** Makes the file and its folder, and locks it. Fails with `store_failed`. */
  constructor(file: string) {
    this.#db = failing(`The log ${file} could not be opened`, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      migrate(db);
      // Looked at first: the index of words, which a deletion needs, may be damaged while the log can be read.
      if (db.prepare("SELECT 1 FROM conversation WHERE draft = 1").get() !== undefined) {
        db.exec("DELETE FROM conversation WHERE draft = 1");
      }
      return db;
    });
  }

  /** How often something was rolled back: whoever counts what the tables hold cannot trust a count of before. */
  get rollbacks(): number {
    return this.#rollbacks;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  /** One transaction; it waits for the disk. */
  atomically<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const done = work();
      this.#db.exec("COMMIT");
      return done;
    } catch (error) {
      this.#rollbacks += 1;
      // After some failures (a full disk) SQLite has rolled back by itself.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** A part of a transaction that may fail by itself; where it took the whole transaction with it, `isTransaction` is false. */
  part<T>(work: () => T): T {
    this.#db.exec("SAVEPOINT one");
    try {
      const done = work();
      this.#db.exec("RELEASE one");
      return done;
    } catch (error) {
      this.#rollbacks += 1;
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK TO one; RELEASE one");
      throw error;
    }
  }

  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/** Does it, and tells what the medium says as `store_failed`: the sentence, then why. */
export function failing<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DeckhandError("store_failed", `${sentence}: ${why}.`, { cause: error });
  }
}
