/** What a conversation is to those above and below it. */
import type { ConversationState, NewEvent } from "@deckhand/protocol";
import type { ConversationApi } from "../api.ts";

export interface Member extends ConversationApi, AsyncDisposable {
  /** Stores what the function makes of the state as it is when its time has come; nothing for an empty list. */
  /** It is not expected to go on soon: its shell is given up, unless something there goes on. */
  letGo(): void;
  note(events: (now: ConversationState) => readonly NewEvent[]): Promise<unknown>;
}
