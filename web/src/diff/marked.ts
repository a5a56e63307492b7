import type { Token } from "../code/tokens.ts";
import type { Range } from "./changed-words.ts";

export interface MarkedToken extends Token {
  readonly marked: boolean;
}

/** The pieces of a line, cut where what has changed in it begins and ends. */
export function markRanges(pieces: readonly Token[], ranges: readonly Range[]): readonly MarkedToken[] {
  const cut: MarkedToken[] = [];
  let place = 0;
  for (const { text, classes } of pieces) {
    let at = 0;
    while (at < text.length) {
      const here = place + at;
      const inside = ranges.find(({ from, to }) => from <= here && here < to);
      const next = ranges.find(({ from }) => from > here);
      const end = Math.min(text.length, (inside?.to ?? next?.from ?? Infinity) - place);
      cut.push({ text: text.slice(at, end), classes, marked: inside !== undefined });
      at = end;
    }
    place += text.length;
  }
  return cut;
}
