/**
 * What can be searched for: messages, commands, and final answers. Outputs are left out: they are most of a log, and the
 * commands that produced them are found.
 */
import { isAction, type NewEvent } from "@deckhand/protocol";

/** Only the beginning of a long text, so that an append does not have to index a pasted book. */
const maxCharacters = 16_384;
const maxWords = 8;

/** The row id of an event in the index, with room for 16 million events per conversation. */
export function searchRow(conversation: number, event: number): number {
  return conversation * 2 ** 24 + event;
}

/** Empty for most events. */
export function wordsOf(event: NewEvent): string {
  return isAction(event) ? textOf(event).slice(0, maxCharacters) : "";
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
 * The query in FTS5 syntax: all words, in any order, each as a prefix. Only letters and digits are passed on, quoted, so that
 * nothing a person types is an operator. Undefined if there is no word.
 */
export function matchOf(query: string): string | undefined {
  const words = query.slice(0, 1_000).match(/[\p{L}\p{N}\p{M}]+/gu);
  return words
    ?.slice(0, maxWords)
    .map((word) => `"${word}"*`)
    .join(" ");
}
