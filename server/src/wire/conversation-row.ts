/** A row of the conversation list, as sent by sockets and routes. */
import type { ConversationRow as WireRow } from "@deckhand/protocol";
import type { ConversationRow } from "../conversation/api.ts";

export function toWireRow(row: ConversationRow): WireRow {
  const { asked: _, ...waiting } = row.waiting ?? {};
  return {
    id: row.id,
    title: row.title,
    agent_state: row.agentState,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    head: row.head,
    cost_usd: row.costUsd,
    pinned: row.pinned,
    archived: row.archived,
    seen: row.seen,
    waiting: "kind" in waiting ? waiting : null,
    parent: row.parent,
  };
}
