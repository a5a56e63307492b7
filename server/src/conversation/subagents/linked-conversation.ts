import type { ConversationState, NewEvent } from "@deckhand/protocol";
import type { ConversationApi } from "../api.ts";

/** What a conversation offers to its parent and its subagents. */
export interface LinkedConversation extends ConversationApi, AsyncDisposable {
  /** It is not expected to continue soon: its sandbox is released, unless something in it still runs. */
  releaseRuntime(): void;
  /** Stores what the function returns for the state at its turn in the mailbox; an empty list stores nothing. */
  append(events: (now: ConversationState) => readonly NewEvent[]): Promise<unknown>;
}
