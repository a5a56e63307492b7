/** Applies the hunks of a patch to a text. Each is searched for after the previous one, exactly, then loosely. */
import { DeckhandError } from "@deckhand/protocol";
import { explainNoMatch } from "../edit/no-match.ts";
import { matchesLoosely } from "../edit/normalize-line.ts";
import type { Hunk } from "./parse.ts";

/** Fails with `no_match`, and the nearest lines in the message. */
export function applyHunks(path: string, text: string, hunks: readonly Hunk[]): string {
  const carriageReturn = text.includes("\r\n") ? "\r" : "";
  const endsWithNewline = text === "" || text.endsWith("\n");
  const lines = text === "" ? [] : (endsWithNewline ? text.slice(0, -1) : text).split("\n");
  const result: string[] = [];
  let from = 0;
  for (const hunk of hunks) {
    const at = findHunk(hunk, lines, from);
    if (at === undefined) throw new DeckhandError("no_match", explainMissingHunk(path, text, hunk));
    result.push(...lines.slice(from, at));
    from = at;
    for (const { mark, text: line } of hunk.lines) {
      if (mark === "+") result.push(line + carriageReturn);
      else {
        // A context line is taken from the file, which may differ from the hunk in whitespace.
        if (mark === " ") result.push(lines[from] ?? "");
        from += 1;
      }
    }
  }
  result.push(...lines.slice(from));
  return result.length === 0 ? "" : result.join("\n") + (endsWithNewline ? "\n" : "");
}

function findHunk(
  { below, lines: hunkLines, atEnd }: Hunk,
  lines: readonly string[],
  from: number,
): number | undefined {
  let first = from;
  for (const line of below) {
    const at = lines.findIndex((each, index) => index >= first && matchesLoosely(line, each));
    if (at === -1) return undefined;
    first = at + 1;
  }
  const oldLines = hunkLines.flatMap(({ mark, text }) => (mark === "+" ? [] : [text]));
  if (oldLines.length === 0) return below.length > 0 ? first : lines.length;
  const last = lines.length - oldLines.length;
  const positions = [...(atEnd ? [last] : []), ...range(first, last)].filter((at) => at >= first);
  for (const matches of [matchesExactly, matchesLoosely]) {
    const found = positions.find((at) => oldLines.every((line, index) => matches(line, lines[at + index])));
    if (found !== undefined) return found;
  }
  return undefined;
}

function matchesExactly(hunkLine: string, line: string | undefined): boolean {
  return line === hunkLine || line === `${hunkLine}\r`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
}

function explainMissingHunk(path: string, text: string, { below, lines }: Hunk): string {
  const oldLines = lines.flatMap(({ mark, text: line }) => (mark === "+" ? [] : [line]));
  const where = below.length === 0 ? "" : ` (below "${below.join('", "').slice(0, 200)}", and after the previous hunk)`;
  return explainNoMatch(path, text, oldLines.join("\n"), { subject: `This hunk${where}`, name: "the hunk" });
}
