/** The rows of a conversation: its items, streaming text, and queued and unsent messages. */
import type { ViewState } from "@deckhand/client";
import type { Unsent } from "../use-unsent.ts";
import { messageKey, reasoningKey, type Item } from "./item.ts";

export type Row =
  | Item
  /** Streaming text; its item will have the same key. */
  | { readonly type: "streaming"; readonly what: "message" | "reasoning"; readonly key: string; readonly text: string }
  | {
      readonly type: "queued";
      readonly key: string;
      readonly id: number;
      readonly text: string;
      readonly images: readonly string[];
    }
  | { readonly type: "unsent"; readonly key: string; readonly message: Unsent };

export function rowsOf(
  items: readonly Item[],
  steps: number,
  { streaming, state, caughtUp }: Pick<ViewState, "streaming" | "state" | "caughtUp">,
  unsent: readonly Unsent[],
): readonly Row[] {
  const reasoning = streaming.get("reasoning") ?? "";
  const reply = streaming.get("reply") ?? "";
  const pending: Row[] = [];
  if (reasoning.trim() !== "")
    pending.push({ type: "streaming", what: "reasoning", key: reasoningKey(steps + 1), text: reasoning });
  if (reply.trim() !== "")
    pending.push({ type: "streaming", what: "message", key: messageKey(steps + 1), text: reply });
  if (caughtUp)
    for (const { id, content, imageUrls } of state.queued)
      pending.push({ type: "queued", key: `e${id}`, id, text: content, images: imageUrls });
  for (const message of unsent) pending.push({ type: "unsent", key: message.command, message });
  return pending.length === 0 ? items : [...items, ...pending];
}

/** The row that shows an event: the last row that starts at or before it. */
export function rowOfEvent(rows: readonly Row[], event: number): number {
  return rows.findLastIndex((row) => (eventOf(row) ?? Infinity) <= event);
}

/** The id of the first event of a row; undefined if it is not in the log yet. */
export function eventOf(row: Row): number | undefined {
  return row.type === "streaming" || row.type === "unsent" ? undefined : row.id;
}
