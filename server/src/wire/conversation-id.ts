/** Ids of conversations that a client may make up itself: a uuid by custom, in any case nothing that a path could mean. */
import { DeckhandError } from "@deckhand/protocol";

const pattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** Fails with `bad_args`. */
export function checkConversationId(id: string): string {
  if (pattern.test(id)) return id;
  throw new DeckhandError("bad_args", "A conversation's id has up to 100 letters, digits, - and _ (a uuid is best).");
}
