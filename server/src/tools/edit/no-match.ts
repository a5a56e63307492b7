/** Explains to the model why a quoted text was not found: where the most similar lines are, and how they differ. */
import { LineIndex } from "./line-index.ts";
import { matchesLoosely } from "./normalize-line.ts";
import { maxLooseSearchChars } from "./replace.ts";

const maxLines = 20;
const maxLineChars = 200;

/** What was quoted: at the start of a sentence, and within one. */
interface Quote {
  readonly subject: string;
  readonly name: string;
}

export function explainNoMatch(
  path: string,
  text: string,
  quoted: string,
  { subject, name }: Quote = { subject: "old_str", name: "old_str" },
): string {
  const lines = text.split("\n");
  const quotedLines = quoted.replace(/\r?\n$/, "").split(/\r?\n/);
  const at = text.length > maxLooseSearchChars ? undefined : nearestLine(lines, quotedLines);
  const notFound = `${subject} was not found in ${path}. `;
  if (at === undefined) return `${notFound}Read the file and quote its exact text.`;
  const shown = lines.slice(at, at + Math.min(quotedLines.length, maxLines));
  const different = quotedLines.findIndex((line, index) => !matchesLoosely(line, lines[at + index]));
  return [
    `${notFound}The nearest match is at line ${at + 1}:`,
    ...shown.map((line, index) => `${at + index + 1}\t${truncate(line)}`),
    different === -1
      ? "Only the indentation differs, but not by the same amount everywhere: quote it exactly as shown."
      : `Line ${at + different + 1} differs: ${name} has ${describe(quotedLines[different])}, the file ${describe(lines[at + different])}.`,
  ].join("\n");
}

/** Falls back to the line that shares the most words, because a one-line quote may be only part of its line. */
function nearestLine(lines: readonly string[], quotedLines: readonly string[]): number | undefined {
  const at = new LineIndex(lines).nearest(quotedLines);
  if (at !== undefined) return at;
  const words = new Set(quotedLines.join(" ").match(/\w{3,}/g));
  let best: number | undefined;
  let bestCount = 0;
  for (const [index, line] of lines.entries()) {
    const count = new Set(line.match(/\w{3,}/g)?.filter((word) => words.has(word))).size;
    if (count > bestCount) [bestCount, best] = [count, index];
  }
  return best;
}

function describe(line: string | undefined): string {
  return line === undefined ? "ends there" : JSON.stringify(truncate(line));
}

function truncate(line: string): string {
  return line.length <= maxLineChars ? line : `${line.slice(0, maxLineChars)}…`;
}
