/** Conversation ids in requests. */
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../conversation/api.ts";

const pattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/**
 * Clients may choose the id of a new conversation, usually a UUID. The pattern excludes everything with a meaning in a
 * path. Fails with `bad_args`.
 */
export function checkConversationId(id: string): string {
  if (pattern.test(id)) return id;
  throw new DeckhandError("bad_args", "A conversation id has 1 to 100 letters, digits, - and _. Use a UUID.");
}

/** Fails with `unknown_conversation`. */
export async function existingConversation(conversations: ConversationsApi, id: string): Promise<ConversationApi> {
  if (!(await conversations.exists(id))) throw new DeckhandError("unknown_conversation");
  return conversations.open(id);
}
