import type { WaitingDetails } from "@deckhand/protocol";

/** The value of the column `waiting`. */
export function waitingText(waiting: WaitingDetails | null): string | null {
  return waiting === null ? null : JSON.stringify(waiting);
}
