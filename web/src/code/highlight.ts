/** Text as pieces with a class each (code.css has their colours), line by line. Nothing is ever made of markup. */
import { classHighlighter, highlightCode } from "@lezer/highlight";
import type { Language } from "@codemirror/language";

export type Parser = Language["parser"];

export interface Piece {
  readonly text: string;
  /** `tok-keyword` …; empty for plain text. */
  readonly kind: string;
}

/** Past this a line is minified, and a text nothing that one reads; it stays plain. */
const mostChars = 200_000;

export function highlightLines(text: string, parser: Parser | undefined): readonly (readonly Piece[])[] {
  if (parser === undefined || text.length > mostChars) return plainLines(text);
  const lines: Piece[][] = [[]];
  highlightCode(
    text,
    parser.parse(text),
    classHighlighter,
    (piece, kind) => lines.at(-1)?.push({ text: piece, kind }),
    () => lines.push([]),
  );
  return lines;
}

export function plainLines(text: string): readonly (readonly Piece[])[] {
  return text.split("\n").map((line) => [{ text: line, kind: "" }]);
}
