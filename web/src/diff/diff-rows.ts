/** The rows of a rendered hunk: highlighted code in which the changed words of a line are marked. */
import { highlightLines, type Parser } from "../code/highlight.ts";
import type { Token } from "../code/tokens.ts";
import { changedWords, type ChangedWords, type Range } from "./changed-words.ts";
import { pairLines, type Hunk, type Line } from "./patch.ts";

export interface MarkedToken extends Token {
  readonly marked: boolean;
}

export interface StyledLine extends Line {
  readonly tokens: readonly MarkedToken[];
}

export interface StyledHunk {
  readonly hunk: Hunk;
  /** For the unified view. */
  readonly lines: readonly StyledLine[];
  /** For the split view. */
  readonly rows: readonly { readonly left: StyledLine | undefined; readonly right: StyledLine | undefined }[];
}

export function styleHunk(hunk: Hunk, parser: Parser | undefined): StyledHunk {
  const before = highlightSide(hunk.lines, "added", parser);
  const after = highlightSide(hunk.lines, "deleted", parser);
  const rows = pairLines(hunk.lines);
  const changes = new Map<Line, readonly Range[]>();
  for (const { left, right } of rows) {
    if (left === undefined || right === undefined || left === right) continue;
    const changed: ChangedWords = changedWords(left.text, right.text);
    changes.set(left, changed.before);
    changes.set(right, changed.after);
  }
  const styled = new Map(
    hunk.lines.map((line) => {
      const tokens = (line.kind === "deleted" ? before : after).get(line) ?? [{ text: line.text, classes: "" }];
      return [line, { ...line, tokens: markRanges(tokens, changes.get(line) ?? []) }];
    }),
  );
  const styledLine = (line: Line | undefined): StyledLine | undefined =>
    line === undefined ? undefined : styled.get(line);
  return {
    hunk,
    lines: [...styled.values()],
    rows: rows.map(({ left, right }) => ({ left: styledLine(left), right: styledLine(right) })),
  };
}

/** Highlights all lines of one side as one text: comments and strings may span several lines. */
function highlightSide(
  lines: readonly Line[],
  omitted: Line["kind"],
  parser: Parser | undefined,
): ReadonlyMap<Line, readonly Token[]> {
  const side = lines.filter(({ kind }) => kind !== omitted);
  const tokens = highlightLines(side.map(({ text }) => text).join("\n"), parser);
  return new Map(side.map((line, at) => [line, tokens[at] ?? []]));
}

/** Splits the tokens of a line where a range begins or ends, and marks those within a range. */
export function markRanges(tokens: readonly Token[], ranges: readonly Range[]): readonly MarkedToken[] {
  const split: MarkedToken[] = [];
  let start = 0;
  for (const { text, classes } of tokens) {
    let at = 0;
    while (at < text.length) {
      const position = start + at;
      const range = ranges.find(({ from, to }) => from <= position && position < to);
      const next = ranges.find(({ from }) => from > position);
      const end = Math.min(text.length, (range?.to ?? next?.from ?? Infinity) - start);
      split.push({ text: text.slice(at, end), classes, marked: range !== undefined });
      at = end;
    }
    start += text.length;
  }
  return split;
}
