/**
 * Replacing text by what it looks like. Models quote a file from memory: spaces at the end of a line, the depth of the
 * indentation, carriage returns and typographic quotes are what they get wrong. So text that is not there exactly is looked for
 * line by line without those, and taken only where every line fits and the indentation differs in one consistent way; what replaces
 * it is indented as the file is.
 */
import { matchesLoosely } from "./normalize-line.ts";
import { indentationBetween, indentedBy } from "./indentation.ts";
import { LineIndex } from "./line-index.ts";

/** Longer texts are searched exactly or not at all: to look at each line would hold up everybody else. */
export const maxLooseSearchChars = 1024 * 1024;

export type Replacement =
  | {
      readonly text: string;
      readonly count: number;
      /** The text was there but for its white space or its quotes. */
      readonly loosely: boolean;
    }
  | { readonly missing: true };

/** Replaces every place where `old` is in `text`. `old` is not empty. */
export function replaceAll(text: string, old: string, replacement: string): Replacement {
  const exact = text.split(old).length - 1;
  if (exact > 0) return { text: text.replaceAll(old, () => replacement), count: exact, loosely: false };
  if (text.length > maxLooseSearchChars) return { missing: true };
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split("\n");
  const wanted = linesOf(old);
  const places = placesOf(lines, wanted);
  if (places.length === 0) return { missing: true };
  const given = linesOf(replacement);
  const parts: string[] = [];
  let from = 0;
  for (const { at, indentation } of places) {
    parts.push(...lines.slice(from, at));
    const isLast = at + wanted.length === lines.length;
    const inserted = replacement === "" ? [] : given.map((line) => indentedBy(indentation, line));
    parts.push(...inserted.map((line, index) => ended(line, newline, isLast && index === inserted.length - 1)));
    from = at + wanted.length;
  }
  return { text: [...parts, ...lines.slice(from)].join("\n"), count: places.length, loosely: true };
}

interface Place {
  readonly at: number;
  readonly indentation: ReadonlyMap<string, string>;
}

/** Places that do not overlap. */
function placesOf(lines: readonly string[], wanted: readonly string[]): Place[] {
  const places: Place[] = [];
  let free = 0;
  for (const at of new LineIndex(lines).candidates(wanted)) {
    if (at < free || !wanted.every((line, index) => matchesLoosely(line, lines[at + index]))) continue;
    const indentation = indentationBetween(wanted, lines.slice(at, at + wanted.length));
    if (indentation === undefined) continue;
    places.push({ at, indentation });
    free = at + wanted.length;
  }
  return places;
}

/** Without the empty piece behind a final newline: whole lines are meant. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

function ended(line: string, newline: string, atEnd: boolean): string {
  return newline === "\r\n" && !atEnd ? `${line}\r` : line;
}
