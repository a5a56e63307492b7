/** What a conversation is to those above and below it. */
import type { ConversationState, NewEvent } from "@deckhand/protocol";
import type { ConversationApi } from "../api.ts";

export interface LinkedConversation extends ConversationApi, AsyncDisposable {
  /** Stores what the function makes of the state as it is when its time has come; nothing for an empty list. */
  /** It is not expected to go on soon: its shell is given up, unless something there goes on. */
  releaseRuntime(): void;
  append(events: (now: ConversationState) => readonly NewEvent[]): Promise<unknown>;
}
