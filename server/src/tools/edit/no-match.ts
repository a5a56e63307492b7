/** What to say of text that is not in a file: where the nearest is, and how it differs. */
import { LineIndex } from "./line-index.ts";
import { matchesLoosely } from "./normalize-line.ts";
import { maxLooseSearchChars } from "./replace.ts";

const maxLines = 20;
const maxLineChars = 200;

export function explainNoMatch(path: string, text: string, old: string, quote = "old_str"): string {
  const lines = text.split("\n");
  const wanted = old.replace(/\r?\n$/, "").split(/\r?\n/);
  const at = text.length > maxLooseSearchChars ? undefined : nearest(lines, wanted);
  const first = `${quote} is not in ${path}. `;
  if (at === undefined) return `${first}Read the file, and quote what it has.`;
  const shown = lines.slice(at, at + Math.min(wanted.length, maxLines));
  const other = wanted.findIndex((line, index) => !matchesLoosely(line, lines[at + index]));
  return [
    `${first}The nearest is at line ${at + 1}:`,
    ...shown.map((line, index) => `${at + index + 1}\t${cut(line)}`),
    other === -1
      ? "The words are the same, but the indentation differs in more than one way: quote it as it is here."
      : `Line ${at + other + 1} differs: ${quote.split(" (", 1)[0]} has ${quoted(wanted[other])}, the file ${quoted(lines[at + other])}.`,
  ].join("\n");
}

/** A quote of one line may be a part of a line that was changed: then the line with the most of its words. */
function nearest(lines: readonly string[], wanted: readonly string[]): number | undefined {
  const at = new LineIndex(lines).nearest(wanted);
  if (at !== undefined) return at;
  const words = new Set(wanted.join(" ").match(/\w{3,}/g));
  let best: number | undefined;
  let most = 0;
  for (const [index, line] of lines.entries()) {
    const count = new Set(line.match(/\w{3,}/g)?.filter((word) => words.has(word))).size;
    if (count > most) [most, best] = [count, index];
  }
  return best;
}

function quoted(line: string | undefined): string {
  return line === undefined ? "ends there" : JSON.stringify(cut(line));
}

function cut(line: string): string {
  return line.length <= maxLineChars ? line : `${line.slice(0, maxLineChars)}…`;
}
