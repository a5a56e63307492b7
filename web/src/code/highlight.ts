import type { Language } from "@codemirror/language";
import { classHighlighter, highlightCode } from "@lezer/highlight";
import { plainLines, type Token } from "./tokens.ts";

export type Parser = Language["parser"];

/** Longer text is minified or generated rather than read; it stays plain. */
const maxChars = 200_000;

export function highlightLines(text: string, parser: Parser | undefined): readonly (readonly Token[])[] {
  if (parser === undefined || text.length > maxChars) return plainLines(text);
  const lines: Token[][] = [[]];
  highlightCode(
    text,
    parser.parse(text),
    classHighlighter,
    (part, classes) => lines.at(-1)?.push({ text: part, classes }),
    () => lines.push([]),
  );
  return lines;
}
