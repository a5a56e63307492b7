/** The rows of the conversation: its items, what streams in, and what waits to be taken in. */
import type { ViewState } from "@deckhand/client";
import type { Unsent } from "../use-unsent.ts";
import { messageKey, reasoningKey, type Item } from "./item.ts";

export type Row =
  | Item
  /** Streams in; its item will have the same key. */
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
  const more: Row[] = [];
  if (reasoning.trim() !== "")
    more.push({ type: "streaming", what: "reasoning", key: reasoningKey(steps + 1), text: reasoning });
  if (reply.trim() !== "") more.push({ type: "streaming", what: "message", key: messageKey(steps + 1), text: reply });
  if (caughtUp)
    for (const { id, content, imageUrls } of state.queued)
      more.push({ type: "queued", key: `e${id}`, id, text: content, images: imageUrls });
  for (const message of unsent) more.push({ type: "unsent", key: message.command, message });
  return more.length === 0 ? items : [...items, ...more];
}

/** The row that shows the event: the last that begins with it or before it. */
export function rowOfEvent(rows: readonly Row[], event: number): number {
  return rows.findLastIndex((row) => "id" in row && row.id <= event);
}
