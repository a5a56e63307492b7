/** The tables `checkpoint` and `workspace_write`: which events recorded a checkpoint, and which may have changed files. */
import type { DatabaseSync } from "node:sqlite";
import { isAction, mayChangeWorkspace, type ActionKind, type Event, type ExcludedFiles } from "@deckhand/protocol";

export const insertCheckpoint =
  "INSERT INTO checkpoint (conversation, after, id, tree, external, excluded) VALUES (?, ?, ?, ?, ?, ?)";
export const insertWrite = "INSERT INTO workspace_write (conversation, id) VALUES (?, ?)";

/** The values of `insertCheckpoint`; null for other events. */
export function checkpointRow(key: number, event: Event): readonly (string | number)[] | null {
  if (isAction(event) || event.observation !== "checkpoint") return null;
  const { after, tree, external, excluded } = event.extras;
  // An old or damaged log must not keep the store from opening.
  if (!Number.isSafeInteger(after) || typeof tree !== "string") return null;
  return [key, after, event.id, tree, Number(external), JSON.stringify(excluded ?? noneExcluded)];
}

const noneExcluded: ExcludedFiles = { ignored: 0, large: 0, unreadable: 0 };

export function mayHaveWritten(event: Event): boolean {
  if (isAction(event)) return event.source === "agent" && mayChangeWorkspace(event.action);
  if (event.cause === undefined) return false;
  if (event.observation === "restore") return true;
  if (event.observation === "error") return event.source === "agent" || event.extras.code === "checkpoint_failed";
  // Its action was still running at the checkpoint.
  return event.source === "agent" && mayChangeWorkspace(event.observation as ActionKind);
}

/** A schema step. */
export function addCheckpoints(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE checkpoint (
      conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
      after INTEGER NOT NULL,
      id INTEGER NOT NULL,
      tree TEXT NOT NULL,
      external INTEGER NOT NULL,
      excluded TEXT NOT NULL,
      PRIMARY KEY (conversation, after, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE workspace_write (
      conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
      id INTEGER NOT NULL,
      PRIMARY KEY (conversation, id)
    ) STRICT, WITHOUT ROWID;
  `);
  const [checkpoint, write] = [db.prepare(insertCheckpoint), db.prepare(insertWrite)];
  for (const { conversation, body } of db.prepare("SELECT conversation, body FROM event").iterate()) {
    const [key, event] = [Number(conversation), JSON.parse(String(body)) as Event];
    const row = checkpointRow(key, event);
    if (row !== null) checkpoint.run(...row);
    if (mayHaveWritten(event)) write.run(key, event.id);
  }
}
