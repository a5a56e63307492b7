import type { ConversationState } from "./state.ts";

export function queueMessage(
  state: ConversationState,
  id: number,
  content: string,
  imageUrls: readonly string[],
): ConversationState {
  return {
    ...state,
    title: state.title || oneLine(content),
    queued: [...state.queued, { id, content, imageUrls }],
  };
}

function oneLine(text: string): string {
  const line = (text.trim().split("\n", 1)[0] ?? "").trimEnd();
  // Not half of a character that takes two code units.
  return line.length > 80 ? `${line.slice(0, 79).replace(/[\uD800-\uDBFF]$/, "")}…` : line;
}
