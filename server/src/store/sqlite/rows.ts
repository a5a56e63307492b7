/** A row of the list, as stored in SQLite. */
import type { WaitingDetails } from "@deckhand/protocol";
import type { ConversationRow } from "../event-store.ts";

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
  /** JSON. */
  readonly waiting: string | null;
  readonly pinned: number;
  readonly archived: number;
  readonly seen: number;
  readonly parent: string | null;
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
    waiting: row.waiting === null ? null : (JSON.parse(row.waiting) as WaitingDetails),
    pinned: row.pinned === 1,
    archived: row.archived === 1,
    seen: row.seen,
    parent: row.parent,
  };
}

/** The value of the column `waiting`. */
export function waitingText(waiting: WaitingDetails | null): string | null {
  return waiting === null ? null : JSON.stringify(waiting);
}
