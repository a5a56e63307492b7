/** A patch as the rows that are drawn, with the code's colours and what has changed within lines. */
import { highlightLines, type Parser } from "../code/highlight.ts";
import type { Token } from "../code/tokens.ts";
import { changedWords, type ChangedWords, type Range } from "./changed-words.ts";
import { markRanges, type MarkedToken } from "./marked.ts";
import { pairLines, type Hunk, type Line } from "./patch.ts";

export interface StyledLine extends Line {
  readonly tokens: readonly MarkedToken[];
}

export interface StyledHunk {
  readonly hunk: Hunk;
  /** Above each other. */
  readonly lines: readonly StyledLine[];
  /** Side by side. */
  readonly rows: readonly { readonly left: StyledLine | undefined; readonly right: StyledLine | undefined }[];
}

export function styleHunk(hunk: Hunk, parser: Parser | undefined): StyledHunk {
  const before = tokensBySide(hunk.lines, "added", parser);
  const after = tokensBySide(hunk.lines, "deleted", parser);
  const rows = pairLines(hunk.lines);
  const changes = new Map<Line, readonly Range[]>();
  for (const { left, right } of rows) {
    if (left === undefined || right === undefined || left === right) continue;
    const { before: ofLeft, after: ofRight }: ChangedWords = changedWords(left.text, right.text);
    changes.set(left, ofLeft);
    changes.set(right, ofRight);
  }
  const drawn = new Map(
    hunk.lines.map((line) => {
      const pieces = (line.kind === "deleted" ? before : after).get(line) ?? [{ text: line.text, classes: "" }];
      return [line, { ...line, tokens: markRanges(pieces, changes.get(line) ?? []) }];
    }),
  );
  const of = (line: Line | undefined): StyledLine | undefined => (line === undefined ? undefined : drawn.get(line));
  return {
    hunk,
    lines: [...drawn.values()],
    rows: rows.map(({ left, right }) => ({ left: of(left), right: of(right) })),
  };
}

/** Of one side, as one text: a comment or a string may go over several lines. */
function tokensBySide(
  lines: readonly Line[],
  without: Line["kind"],
  parser: Parser | undefined,
): ReadonlyMap<Line, readonly Token[]> {
  const side = lines.filter(({ kind }) => kind !== without);
  const pieces = highlightLines(side.map(({ text }) => text).join("\n"), parser);
  return new Map(side.map((line, at) => [line, pieces[at] ?? []]));
}
