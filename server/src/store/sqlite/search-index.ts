/**
 * The full-text index, updated in the transactions of the log. Indexing each event at once would make an append a third
 * slower, so the words wait in `unsaid` until there are many, or until somebody searches.
 */
import type { Event } from "@deckhand/protocol";
import type { SqliteFile } from "./sqlite-file.ts";
import { searchRow, wordsOf } from "./search.ts";

/** Events whose words may wait for the index. A search indexes them, or the append that reaches this number (2 ms). */
const maxUnindexed = 256;

/** The conversations with the newest matches; for a very common word not every match is read. */
export const matchingKeys = `SELECT place >> 24 FROM
  (SELECT rowid AS place FROM said WHERE said MATCH ? ORDER BY rowid DESC LIMIT 20000)`;

export class SearchIndex {
  readonly #file: SqliteFile;
  /** An upper bound for the rows in `unsaid`: deletions are not subtracted. */
  #unindexed = maxUnindexed;
  #rollbacks = 0;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** Within a transaction. */
  add(key: number, event: Event): void {
    const words = wordsOf(event);
    if (words === "") return;
    this.#file.prepare("INSERT INTO unsaid (place, words) VALUES (?, ?)").run(searchRow(key, event.id), words);
    this.#unindexed = this.#waiting() + 1;
    if (this.#unindexed >= maxUnindexed) this.#index();
  }

  /** Indexes the waiting words, in a transaction of its own, so that they are found. */
  flush(): void {
    if (this.#waiting() > 0) this.#file.atomically(() => this.#index());
  }

  #index(): void {
    this.#file.prepare("INSERT INTO said (rowid, words) SELECT place, words FROM unsaid ORDER BY place").run();
    this.#file.prepare("DELETE FROM unsaid").run();
    this.#unindexed = 0;
  }

  #waiting(): number {
    const { rollbacks } = this.#file;
    if (rollbacks === this.#rollbacks) return this.#unindexed;
    this.#rollbacks = rollbacks;
    return (this.#unindexed = maxUnindexed);
  }
}
