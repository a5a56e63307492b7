/**
 * What models cost, summed up as events are stored: one row per conversation, day, model and kind, so that a report reads a
 * few rows per conversation and no log. `copied`: spent elsewhere, and brought along by a fork or an import. The sums of
 * deleted conversations are kept under the key 0.
 */
import type { DatabaseSync } from "node:sqlite";
import { costOfEvent, type CostSum, type Event } from "@deckhand/protocol";

const names = [
  "calls",
  "unpriced_calls",
  "cost_usd",
  "input",
  "output",
  "cached_input",
  "cache_write",
  "reasoning",
] as const satisfies readonly (keyof CostSum)[];
const place = "conversation, day, model, kind, copied";
const added = names.map((name) => `${name} = ${name} + excluded.${name}`).join(", ");

export const columns = names.join(", ");
export const sums = names.map((name) => `sum(${name}) AS ${name}`).join(", ");
export const insertSpent = `INSERT INTO spent (${place}, ${columns}) VALUES (?, ?, ?, ?, ?, ${names.map(() => "?").join(", ")})
  ON CONFLICT DO UPDATE SET ${added}`;

/** More than any call has. Bounds what a miscounting provider or a forged file can add to a sum. */
const maxTokens = 1e9;

/** The values of `insertSpent`; null for an event that cost nothing. */
export function spentRow(key: number, event: Event, isCopy: boolean): readonly (string | number)[] | null {
  const spent = costOfEvent(event);
  if (spent === null) return null;
  const { usage, costUsd, model, kind } = spent;
  const sum: CostSum = { ...usage, calls: 1, unpriced_calls: costUsd === null ? 1 : 0, cost_usd: costUsd ?? 0 };
  const numbers = names.map((name) => Math.min(sum[name], maxTokens));
  return [key, event.timestamp.slice(0, 10), model, kind, Number(isCopy), ...numbers];
}

/** Moves what a deleted conversation spent here to the key 0. Each takes its key; within one transaction. */
export const moveSpent = [
  `INSERT INTO spent (${place}, ${columns})
     SELECT 0, day, model, kind, 0, ${columns} FROM spent WHERE conversation = ? AND copied = 0
     ON CONFLICT DO UPDATE SET ${added}`,
  "DELETE FROM spent WHERE conversation = ?",
] as const;

/** A schema step. Earlier forks and imports cannot be distinguished from work done here, so they count. */
export function addSpent(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE spent (
      conversation INTEGER NOT NULL,
      day TEXT NOT NULL,
      model TEXT NOT NULL,
      kind TEXT NOT NULL,
      copied INTEGER NOT NULL,
      ${names.map((name) => `${name} ${name === "cost_usd" ? "REAL" : "INTEGER"} NOT NULL`).join(", ")},
      PRIMARY KEY (${place})
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX spent_day ON spent (day);
    CREATE INDEX spent_model ON spent (model, conversation);
    CREATE TRIGGER conversation_spent AFTER DELETE ON conversation BEGIN
      INSERT INTO spent (${place}, ${columns})
        SELECT 0, day, model, kind, 0, ${columns} FROM spent WHERE conversation = old.key AND copied = 0
        ON CONFLICT DO UPDATE SET ${added};
      DELETE FROM spent WHERE conversation = old.key;
    END;
  `);
  const insert = db.prepare(insertSpent);
  for (const { conversation, body } of db.prepare("SELECT conversation, body FROM event").iterate()) {
    const row = spentRow(Number(conversation), JSON.parse(String(body)) as Event, false);
    if (row !== null) insert.run(...row);
  }
}
