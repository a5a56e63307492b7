/**
 * The tables of the SQLite store. `PRAGMA user_version` counts the migration steps that a file has taken. A released step is
 * never changed; another one follows it.
 */
import type { DatabaseSync } from "node:sqlite";
import {
  apply,
  DeckhandError,
  emptyState,
  upgradeEvent,
  upgradeReasons,
  waitingFor,
  type Event,
} from "@deckhand/protocol";
import { waitingText } from "./rows.ts";
import { addCheckpoints } from "./checkpoint-rows.ts";
import { addSpent } from "./cost-rows.ts";
import { searchRow, wordsOf } from "./search.ts";

/** In files from before there were steps, the first step finds its tables already there. */
const steps: readonly ((db: DatabaseSync) => void)[] = [
  (db) => db.exec(first),
  addLibrary,
  (db) => db.exec(addRules),
  addSpent,
  addMarks,
  (db) => db.exec(addParents),
  upgradeEvents,
  addCheckpoints,
];

/** Migrates a file to the newest step, all or nothing. Fails with `store_failed` for the file of a newer server. */
export function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > steps.length) {
    throw new DeckhandError("store_failed", "The log was written by a newer version of Deckhand. Start that version.");
  }
  if (version === steps.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of steps.slice(version)) step(db);
    db.exec(`PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

const first = `
  CREATE TABLE IF NOT EXISTS conversation (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    name TEXT,
    agent_state TEXT,
    cost_usd REAL NOT NULL,
    busy INTEGER NOT NULL,
    head INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS conversation_newest ON conversation (updated_at DESC, key DESC);
  CREATE INDEX IF NOT EXISTS conversation_busy ON conversation (key) WHERE busy = 1;
  CREATE TABLE IF NOT EXISTS event (
    conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    command TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (conversation, id)
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS event_command ON event (conversation, command) WHERE command IS NOT NULL;
  CREATE TABLE IF NOT EXISTS snapshot (
    conversation INTEGER PRIMARY KEY REFERENCES conversation (key) ON DELETE CASCADE,
    version TEXT NOT NULL,
    head INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
`;

/**
 * `draft`: a fork or an import that is not visible yet. `deleted`: ids that are not reused. `said`: the words of events by
 * `searchRow`, without the text itself, which the log has. `unsaid`: words that are not indexed yet (see search-index.ts).
 */
function addLibrary(db: DatabaseSync): void {
  db.exec(`
    ALTER TABLE conversation ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX conversation_draft ON conversation (key) WHERE draft = 1;
    CREATE TABLE deleted (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
    CREATE VIRTUAL TABLE said USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61');
    CREATE TABLE unsaid (place INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT;
    CREATE TRIGGER conversation_unsaid AFTER DELETE ON conversation BEGIN
      DELETE FROM unsaid WHERE place >= old.key << 24 AND place < (old.key + 1) << 24;
      DELETE FROM said WHERE rowid >= old.key << 24 AND rowid < (old.key + 1) << 24;
    END;
  `);
  const insert = db.prepare("INSERT INTO said (rowid, words) VALUES (?, ?)");
  for (const row of db.prepare("SELECT conversation, id, body FROM event").iterate()) {
    const words = wordsOf(JSON.parse(String(row["body"])) as Event);
    if (words !== "") insert.run(searchRow(Number(row["conversation"]), Number(row["id"])), words);
  }
}

/** Rules for every conversation. AUTOINCREMENT: an id is never reused, so a late deletion cannot hit a newer rule. */
const addRules = `
  CREATE TABLE rule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    pattern TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (action, pattern)
  ) STRICT;
`;

/** Marks that a person sets, and what waits for a person; for existing logs, computed by folding them. */
function addMarks(db: DatabaseSync): void {
  db.exec(`
    ALTER TABLE conversation ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversation ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversation ADD COLUMN seen INTEGER NOT NULL DEFAULT -1;
    ALTER TABLE conversation ADD COLUMN waiting TEXT;
    CREATE INDEX conversation_waiting ON conversation (key) WHERE waiting IS NOT NULL;
    UPDATE conversation SET seen = head;
  `);
  const resting = db.prepare(
    "SELECT key FROM conversation WHERE agent_state IN ('awaiting_user_confirmation', 'awaiting_user_input', 'paused', 'error')",
  );
  const events = db.prepare("SELECT body FROM event WHERE conversation = ? ORDER BY id");
  const update = db.prepare("UPDATE conversation SET waiting = ? WHERE key = ?");
  for (const { key } of resting.all() as { key: number }[]) {
    let state = emptyState;
    for (const row of events.iterate(key)) state = apply(state, JSON.parse(String(row["body"])) as Event);
    update.run(waitingText(waitingFor(state)), key);
  }
}

/** The parent of a subagent; the log has it, too. */
const addParents = `
  ALTER TABLE conversation ADD COLUMN parent TEXT;
  CREATE INDEX conversation_parent ON conversation (parent) WHERE parent IS NOT NULL;
`;

/** What an event has to contain to be changed by `upgradeEvent`; JSON in strings does not match, its quotes are escaped. */
const renamed = [
  '"observation":"snapshot"',
  '"observation":"restore"',
  '"observation":"knowledge"',
  '"observation":"hook"',
  '"code":"no_snapshot"',
  '"code":"snapshot_failed"',
  '"how":"mask"',
  '"approval":{',
];
const upgradePage = 500;

/** Converts the events and rows of protocol 1.0.0 to those of 1.1.0. */
function upgradeEvents(db: DatabaseSync): void {
  const matches = renamed.map(() => "instr(body, ?)").join(" OR ");
  const events = db.prepare(
    `SELECT rowid, body FROM event WHERE rowid > ? AND (${matches}) ORDER BY rowid LIMIT ${upgradePage}`,
  );
  const update = db.prepare("UPDATE event SET body = ? WHERE rowid = ?");
  for (let last: number | undefined = -1; last !== undefined;) {
    const page = events.all(last, ...renamed) as { rowid: number; body: string }[];
    for (const { rowid, body } of page) {
      const upgraded = JSON.stringify(upgradeEvent(JSON.parse(body) as Record<string, unknown>));
      if (upgraded !== body) update.run(upgraded, rowid);
    }
    last = page.at(-1)?.rowid;
  }
  const rows = db.prepare("SELECT key, waiting FROM conversation WHERE instr(waiting, '\"reasons\"')").all();
  const updateRow = db.prepare("UPDATE conversation SET waiting = ? WHERE key = ?");
  for (const { key, waiting } of rows as { key: number; waiting: string }[]) {
    const { asked, ...rest } = JSON.parse(waiting) as { asked?: { reasons: readonly unknown[] } };
    if (asked === undefined) continue;
    updateRow.run(JSON.stringify({ ...rest, asked: { ...asked, reasons: upgradeReasons(asked.reasons) } }), key);
  }
}
