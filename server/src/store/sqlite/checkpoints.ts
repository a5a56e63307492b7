/** The index of checkpoints, and of events that may have changed a workspace. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Event, ExcludedFiles } from "@deckhand/protocol";
import type { CheckpointIndex, LoggedCheckpoint } from "../checkpoint-index.ts";
import type { ConversationId } from "../event-store.ts";
import { checkpointRow, insertCheckpoint, insertWrite, mayHaveWritten } from "./checkpoint-rows.ts";
import { failing, type SqliteFile } from "./sqlite-file.ts";

/** Read at once, in about a millisecond. */
const pageSize = 500;

interface Row {
  readonly id: number;
  readonly after: number;
  readonly tree: string;
  readonly external: number;
  readonly excluded: string;
}

export class SqliteCheckpoints implements CheckpointIndex {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** Within a transaction. */
  add(key: number, event: Event): void {
    const row = checkpointRow(key, event);
    if (row !== null) this.#file.prepare(insertCheckpoint).run(...row);
    if (mayHaveWritten(event)) this.#file.prepare(insertWrite).run(key, event.id);
  }

  /** Within a transaction: deletes what belongs to events up to `last`. */
  deleteUpTo(key: number, last: number): void {
    this.#file.prepare("DELETE FROM checkpoint WHERE conversation = ? AND after <= ?").run(key, last);
    this.#file.prepare("DELETE FROM workspace_write WHERE conversation = ? AND id <= ?").run(key, last);
  }

  async list(conversation: ConversationId): Promise<readonly LoggedCheckpoint[]> {
    const checkpoints: LoggedCheckpoint[] = [];
    let page = this.#page(conversation, -1, -1);
    for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
      for (const { after, tree, external, excluded } of page) {
        checkpoints.push({ tree, after, external: external === 1, excluded: JSON.parse(excluded) as ExcludedFiles });
      }
      if (page.length < pageSize) break;
      await nextTurn();
      page = this.#page(conversation, last.after, last.id);
    }
    return checkpoints;
  }

  async mayHaveWrittenBetween(conversation: ConversationId, after: number, last: number): Promise<boolean> {
    const found = failing("The index could not be read", () =>
      this.#file
        .prepare(
          `SELECT 1 FROM workspace_write WHERE conversation = (SELECT key FROM conversation WHERE id = ?)
           AND id > ? AND id <= ? LIMIT 1`,
        )
        .get(conversation, after, last),
    );
    return found !== undefined;
  }

  #page(conversation: ConversationId, after: number, id: number): readonly Row[] {
    return failing("The index could not be read", () =>
      this.#file
        .prepare(
          `SELECT id, after, tree, external, excluded FROM checkpoint
           WHERE conversation = (SELECT key FROM conversation WHERE id = ?) AND (after, id) > (?, ?)
           ORDER BY after, id LIMIT ${pageSize}`,
        )
        .all(conversation, after, id),
    ) as unknown as readonly Row[];
  }
}
