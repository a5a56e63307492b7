/**
 * The index of words, kept beside the log in its transactions. A row of its own for each event would make an append a third
 * slower: words wait in `unsaid` until there are many, or somebody searches.
 */
import type { Event } from "@deckhand/protocol";
import type { SqliteFile } from "./sqlite-file.ts";
import { searchRow, wordsOf } from "./search.ts";

/** Events whose words wait for the index: a search takes them in, or the append that makes them so many (2 ms). */
const mostUnsaid = 256;

/** The newest places where the words are; a word that stands everywhere is not looked up everywhere. */
export const saidIn = `SELECT place >> 24 FROM
  (SELECT rowid AS place FROM said WHERE said MATCH ? ORDER BY rowid DESC LIMIT 20000)`;

export class SearchIndex {
  readonly #file: SqliteFile;
  /** At most so many events in `unsaid`, whatever was deleted since. */
  #unsaid = mostUnsaid;
  #rollbacks = 0;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** Inside of a transaction. */
  add(key: number, event: Event): void {
    const words = wordsOf(event);
    if (words === "") return;
    this.#file.prepare("INSERT INTO unsaid (place, words) VALUES (?, ?)").run(searchRow(key, event.id), words);
    this.#unsaid = this.#waiting() + 1;
    if (this.#unsaid >= mostUnsaid) this.#index();
  }

  /** Takes in what waits, in a transaction of its own, so that it is found. */
  flush(): void {
    if (this.#waiting() > 0) this.#file.atomically(() => this.#index());
  }

  #index(): void {
    this.#file.prepare("INSERT INTO said (rowid, words) SELECT place, words FROM unsaid ORDER BY place").run();
    this.#file.prepare("DELETE FROM unsaid").run();
    this.#unsaid = 0;
  }

  #waiting(): number {
    const { rollbacks } = this.#file;
    if (rollbacks === this.#rollbacks) return this.#unsaid;
    this.#rollbacks = rollbacks;
    return (this.#unsaid = mostUnsaid);
  }
}
