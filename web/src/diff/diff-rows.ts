/** A patch as the rows that are drawn, with the code's colours and what has changed within lines. */
import { highlightLines, type Parser } from "../code/highlight.ts";
import type { Token } from "../code/tokens.ts";
import { changedWords, type ChangedWords, type Range } from "./changed-words.ts";
import { marked, type MarkedToken } from "./marked.ts";
import { pairs, type Hunk, type Line } from "./patch.ts";

export interface DrawnLine extends Line {
  readonly pieces: readonly MarkedToken[];
}

export interface DrawnHunk {
  readonly hunk: Hunk;
  /** Above each other. */
  readonly lines: readonly DrawnLine[];
  /** Side by side. */
  readonly rows: readonly { readonly left: DrawnLine | undefined; readonly right: DrawnLine | undefined }[];
}

export function drawHunk(hunk: Hunk, parser: Parser | undefined): DrawnHunk {
  const before = colours(hunk.lines, "added", parser);
  const after = colours(hunk.lines, "deleted", parser);
  const rows = pairs(hunk.lines);
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
      return [line, { ...line, pieces: marked(pieces, changes.get(line) ?? []) }];
    }),
  );
  const of = (line: Line | undefined): DrawnLine | undefined => (line === undefined ? undefined : drawn.get(line));
  return {
    hunk,
    lines: [...drawn.values()],
    rows: rows.map(({ left, right }) => ({ left: of(left), right: of(right) })),
  };
}

/** Of one side, as one text: a comment or a string may go over several lines. */
function colours(
  lines: readonly Line[],
  without: Line["kind"],
  parser: Parser | undefined,
): ReadonlyMap<Line, readonly Token[]> {
  const side = lines.filter(({ kind }) => kind !== without);
  const pieces = highlightLines(side.map(({ text }) => text).join("\n"), parser);
  return new Map(side.map((line, at) => [line, pieces[at] ?? []]));
}
