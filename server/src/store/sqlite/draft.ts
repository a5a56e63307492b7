/**
 * A log that is written page by page, each in its own commit, so that a long one does not block others. Its row is marked as
 * a `draft` until it is complete; then one commit makes it a conversation. Drafts of a killed server are deleted after
 * the file is opened (see deletions.ts).
 */
import type { StatementSync } from "node:sqlite";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConversationId, Draft, DraftRow } from "../event-store.ts";
import { waitingText } from "./rows.ts";

interface DraftDeps {
  readonly prepare: (sql: string) => StatementSync;
  /** Without its command id, which belongs to the conversation that the command was sent to. */
  readonly insertEvent: (key: number, event: Event) => void;
  readonly atomically: <T>(work: () => T) => T;
  readonly now: () => string;
  readonly published: () => void;
  /** Deletes the row and its events in the background. */
  readonly discard: (key: number) => void;
}

export class SqliteDraft implements Draft {
  readonly #deps: DraftDeps;
  readonly #key: number;
  #head = -1;
  #published = false;

  constructor(id: ConversationId, deps: DraftDeps) {
    this.#deps = deps;
    this.#key = deps.atomically(() => {
      const at = deps.now();
      const { changes, lastInsertRowid } = deps
        .prepare(
          `INSERT INTO conversation (id, title, cost_usd, busy, head, created_at, updated_at, draft)
           SELECT ?, '', 0, 0, -1, ?, ?, 1 WHERE NOT EXISTS (SELECT 1 FROM deleted WHERE id = ?)
           ON CONFLICT (id) DO NOTHING`,
        )
        .run(id, at, at, id);
      if (Number(changes) === 0) throw new DeckhandError("exists", "A conversation with this id already exists.");
      return Number(lastInsertRowid);
    });
  }

  async append(events: readonly Event[]): Promise<void> {
    this.#deps.atomically(() => {
      for (const [index, event] of events.entries()) {
        if (event.id !== this.#head + 1 + index) throw new DeckhandError("conflict");
        this.#deps.insertEvent(this.#key, event);
      }
    });
    this.#head += events.length;
  }

  async publish({ title, name, agentState, costUsd, busy, waiting, parent }: DraftRow): Promise<void> {
    this.#deps.atomically(() =>
      this.#deps
        .prepare(
          `UPDATE conversation SET title = ?, name = ?, agent_state = ?, cost_usd = ?, busy = ?, waiting = ?, parent = ?, head = ?,
           seen = ?, updated_at = ?, draft = 0 WHERE key = ?`,
        )
        .run(
          title,
          name ?? null,
          agentState,
          costUsd,
          Number(busy),
          waitingText(waiting),
          parent,
          this.#head,
          this.#head,
          this.#deps.now(),
          this.#key,
        ),
    );
    this.#published = true;
    this.#deps.published();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#published) return;
    this.#published = true;
    this.#deps.discard(this.#key);
  }
}
