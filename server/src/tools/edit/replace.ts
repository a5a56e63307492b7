/**
 * Replaces text, tolerating the mistakes of models that quote a file from memory: trailing whitespace, the depth of the
 * indentation, carriage returns and typographic quotes. A text without an exact match is searched for line by line
 * without those. It matches only if every line does and the indentation differs in one consistent way; the replacement
 * is then indented as the file is.
 */
import { indentationBetween, indentedBy } from "./indentation.ts";
import { LineIndex } from "./line-index.ts";
import { matchesLoosely } from "./normalize-line.ts";

/** Longer texts are only searched for exact matches: going through them line by line would block the event loop. */
export const maxLooseSearchChars = 1024 * 1024;

export type Replacement =
  | {
      readonly type: "replaced";
      readonly text: string;
      readonly count: number;
      /** The matches differ from the quote in whitespace or typographic characters. */
      readonly isLoose: boolean;
    }
  | { readonly type: "not_found" };

/** Replaces every occurrence of `oldText`, which is not empty. */
export function replaceText(text: string, oldText: string, newText: string): Replacement {
  const exactCount = text.split(oldText).length - 1;
  if (exactCount > 0) {
    return { type: "replaced", text: text.replaceAll(oldText, () => newText), count: exactCount, isLoose: false };
  }
  if (text.length > maxLooseSearchChars) return { type: "not_found" };
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split("\n");
  const oldLines = splitLines(oldText);
  const matches = findLooseMatches(lines, oldLines);
  if (matches.length === 0) return { type: "not_found" };
  const newLines = newText === "" ? [] : splitLines(newText);
  const parts: string[] = [];
  let from = 0;
  for (const { at, indentation } of matches) {
    parts.push(...lines.slice(from, at));
    const isAtEnd = at + oldLines.length === lines.length;
    const inserted = newLines.map((line) => indentedBy(indentation, line));
    parts.push(
      ...inserted.map((line, index) => withCarriageReturn(line, newline, isAtEnd && index === inserted.length - 1)),
    );
    from = at + oldLines.length;
  }
  return { type: "replaced", text: [...parts, ...lines.slice(from)].join("\n"), count: matches.length, isLoose: true };
}

interface Match {
  readonly at: number;
  readonly indentation: ReadonlyMap<string, string>;
}

/** Matches do not overlap. */
function findLooseMatches(lines: readonly string[], oldLines: readonly string[]): Match[] {
  const matches: Match[] = [];
  let nextFree = 0;
  for (const at of new LineIndex(lines).candidates(oldLines)) {
    if (at < nextFree || !oldLines.every((line, index) => matchesLoosely(line, lines[at + index]))) continue;
    const indentation = indentationBetween(oldLines, lines.slice(at, at + oldLines.length));
    if (indentation === undefined) continue;
    matches.push({ at, indentation });
    nextFree = at + oldLines.length;
  }
  return matches;
}

/** Ignores a final newline: whole lines are meant. */
function splitLines(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

function withCarriageReturn(line: string, newline: string, isLast: boolean): string {
  return newline === "\r\n" && !isLast ? `${line}\r` : line;
}
