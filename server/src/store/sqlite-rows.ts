/** The tables of the SQLite store, and a row of the list as it lies there. */
import type { ConversationRow } from "./event-store.ts";

export const schema = `
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

export interface StoredRow {
  readonly key: number;
  readonly id: string;
  readonly title: string;
  readonly name: string | null;
  readonly agent_state: ConversationRow["agentState"];
  readonly cost_usd: number;
  readonly busy: number;
  readonly head: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export function toRow(row: StoredRow): ConversationRow {
  return {
    id: row.id,
    title: row.name ?? row.title,
    agentState: row.agent_state,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    head: row.head,
    costUsd: row.cost_usd,
    busy: row.busy === 1,
  };
}
