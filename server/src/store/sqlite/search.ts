/**
 * What can be searched for: what people and agents said, the commands, and how the work ended. Outputs are not in it: they
 * are most of a log, and what was run to get them is.
 */
import { isAction, type NewEvent } from "@deckhand/protocol";

/** Of a long text its beginning: an append is not to wait for the words of a pasted book. */
const mostCharacters = 16_384;
const mostWords = 8;

/** The row of an event in the index: room for 16 million events of a conversation. */
export function searchRow(conversation: number, event: number): number {
  return conversation * 2 ** 24 + event;
}

/** Empty for most events. */
export function wordsOf(event: NewEvent): string {
  return isAction(event) ? textOf(event).slice(0, mostCharacters) : "";
}

function textOf(event: Extract<NewEvent, { action: string }>): string {
  switch (event.action) {
    case "start":
      return event.args.task;
    case "message":
      return event.args.content;
    case "run":
      return event.args.command;
    case "finish":
      return event.args.thought;
    default:
      return "";
  }
}

/**
 * The query in the words of FTS5: all words, in any order, each as the beginning of a word. Only letters and digits come
 * through, in quotes, so that nothing that a person types is an operator. Undefined where there is no word.
 */
export function matchOf(query: string): string | undefined {
  const words = query.slice(0, 1_000).match(/[\p{L}\p{N}\p{M}]+/gu);
  return words
    ?.slice(0, mostWords)
    .map((word) => `"${word}"*`)
    .join(" ");
}
