/** In which column of the board a conversation stands. Pure. */
import type { ConversationRow } from "@deckhand/client";
import { isBusy, needsYou } from "../conversations/rows.ts";

export const columns = ["needsYou", "works", "waits", "rests"] as const;
export type Column = (typeof columns)[number];

export function columnOf(row: ConversationRow): Column {
  if (needsYou(row)) return "needsYou";
  if (isBusy(row)) return "works";
  switch (row.agent_state) {
    case "finished":
    case "stopped":
    case "rejected":
    case "error":
      return "rests";
    default:
      return "waits";
  }
}

export function byColumn(rows: readonly ConversationRow[]): Readonly<Record<Column, readonly ConversationRow[]>> {
  const found: Record<Column, ConversationRow[]> = { needsYou: [], works: [], waits: [], rests: [] };
  for (const row of rows) if (!row.archived) found[columnOf(row)].push(row);
  return found;
}
