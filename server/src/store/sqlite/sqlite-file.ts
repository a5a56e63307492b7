/** The open database file, with its cached statements and its transactions. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DeckhandError } from "@deckhand/protocol";
import { migrate } from "./schema.ts";

export class SqliteFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #rollbacks = 0;

  /** Creates the file and its folder, and locks the file. Fails with `store_failed`. */
  constructor(file: string) {
    this.#db = failing(`The log ${file} could not be opened`, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      migrate(db);
      return db;
    });
  }

  /** How many rollbacks there were. Counts of table rows that were taken before a rollback are no longer valid. */
  get rollbacks(): number {
    return this.#rollbacks;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  /** Runs the work in one transaction, and waits for the disk. */
  atomically<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const done = work();
      this.#db.exec("COMMIT");
      return done;
    } catch (error) {
      this.#rollbacks += 1;
      // After some failures, such as a full disk, SQLite has already rolled back.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * As `atomically`, but does not wait for the disk: a power failure may undo the transaction, though never a part of it.
   * Transactions that follow it are as durable as ever (https://sqlite.org/pragma.html#pragma_synchronous).
   */
  atomicallyUnsynced<T>(work: () => T): T {
    this.#db.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.atomically(work);
    } finally {
      this.#db.exec("PRAGMA synchronous = FULL");
    }
  }

  /** A part of a transaction that may fail alone. If it failed with the whole transaction, `isTransaction` is false. */
  savepoint<T>(work: () => T): T {
    this.#db.exec("SAVEPOINT part");
    try {
      const done = work();
      this.#db.exec("RELEASE part");
      return done;
    } catch (error) {
      this.#rollbacks += 1;
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK TO part; RELEASE part");
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

/** Runs the work; a failure of the medium becomes `store_failed`, with the sentence and the reason. */
export function failing<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeckhandError("store_failed", `${sentence}: ${reason}.`, { cause: error });
  }
}
