/**
 * Deletes logs in batches. One commit hides a conversation: its row loses its id and becomes an abandoned draft, which no
 * query returns. Its events are then deleted a batch per turn of the event loop, because deleting 60,000 events of 4 KB at
 * once takes a second. A killed server finds such rows at its next start and continues.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SqliteCheckpoints } from "./checkpoints.ts";
import { moveSpent } from "./cost-rows.ts";
import { searchRow } from "./search.ts";
import type { SqliteFile } from "./sqlite-file.ts";

/** Bounds a batch of small events, which costs about 10 µs per event. */
const maxBatchEvents = 200;
/** Bounds a batch of large events: SQLite reads and frees each page of a long text. */
const maxBatchBytes = 1024 * 1024;

export class SqliteDeletions {
  readonly #file: SqliteFile;
  readonly #checkpoints: SqliteCheckpoints;
  /** Keys of rows whose events have not all been deleted. */
  readonly #keys: number[] = [];
  #sweep: Promise<void> | undefined;
  #isClosed = false;

  /** Continues what an earlier process has left. No draft is being written yet, so all of them are abandoned. */
  constructor(file: SqliteFile, checkpoints: SqliteCheckpoints) {
    this.#file = file;
    this.#checkpoints = checkpoints;
    const abandoned = file
      .prepare("SELECT key FROM conversation WHERE draft = 1")
      .all()
      .map(({ key }) => Number(key));
    if (abandoned.length > 0) file.atomically(() => abandoned.forEach((key) => this.hide(key)));
    for (const key of abandoned) this.sweep(key);
  }

  /** Within a transaction: frees the id, and hides the row and its costs. Then pass the key to `sweep`. */
  hide(key: number): void {
    this.#file
      .prepare(
        "UPDATE conversation SET id = 'deleted ' || key, draft = 1, busy = 0, waiting = NULL, parent = NULL WHERE key = ?",
      )
      .run(key);
    for (const sql of moveSpent) this.#file.prepare(sql).run(key);
  }

  /** Deletes the events of a hidden conversation in the background. After a failure the next start tries again. */
  sweep(key: number): void {
    this.#keys.push(key);
    this.#sweep ??= this.#deleteAll();
  }

  /** Resolves once nothing is left to delete. */
  async idle(): Promise<void> {
    while (this.#sweep !== undefined) await this.#sweep;
  }

  /** Stops after the current batch, which is synchronous. */
  close(): void {
    this.#isClosed = true;
    this.#keys.length = 0;
  }

  async #deleteAll(): Promise<void> {
    for (let [key] = this.#keys; key !== undefined; [key] = this.#keys) {
      await nextTurn();
      if (this.#isClosed) break;
      if (this.#deleteBatch(key)) this.#keys.shift();
    }
    this.#sweep = undefined;
  }

  /** Returns whether the conversation is done with: its row was deleted after its last event, or the disk failed. */
  #deleteBatch(key: number): boolean {
    try {
      const last = this.#lastOfBatch(key);
      this.#file.atomicallyUnsynced(() => {
        if (last === undefined) this.#run("DELETE FROM conversation WHERE key = ?", key);
        else this.#deleteUpTo(key, last);
      });
      return last === undefined;
    } catch {
      return true;
    }
  }

  #deleteUpTo(key: number, last: number): void {
    for (const [table, place] of [
      ["unsaid", "place"],
      ["said", "rowid"],
    ]) {
      this.#run(`DELETE FROM ${table} WHERE ${place} BETWEEN ? AND ?`, searchRow(key, 0), searchRow(key, last));
    }
    this.#checkpoints.deleteUpTo(key, last);
    this.#run("DELETE FROM event WHERE conversation = ? AND id <= ?", key, last);
  }

  #run(sql: string, ...values: readonly number[]): void {
    this.#file.prepare(sql).run(...values);
  }

  #lastOfBatch(key: number): number | undefined {
    const rows = this.#file
      .prepare("SELECT id, octet_length(body) AS bytes FROM event WHERE conversation = ? ORDER BY id LIMIT ?")
      .iterate(key, maxBatchEvents);
    let last: number | undefined;
    let sum = 0;
    for (const { id, bytes } of rows) {
      last = Number(id);
      sum += Number(bytes);
      if (sum >= maxBatchBytes) break;
    }
    return last;
  }
}
