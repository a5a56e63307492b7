/** What a text is after the hunks of a patch: each is looked for behind the one before, exactly, then without regard to white space. */
import { DeckhandError } from "@deckhand/protocol";
import { matchesLoosely } from "../edit/normalize-line.ts";
import { explainNoMatch } from "../edit/no-match.ts";
import type { Hunk } from "./parse.ts";

/** Fails with `no_match` and the nearest lines. */
export function applyHunks(path: string, text: string, hunks: readonly Hunk[]): string {
  const newline = text.includes("\r\n") ? "\r" : "";
  const endsWithNewline = text === "" || text.endsWith("\n");
  const lines = text === "" ? [] : (endsWithNewline ? text.slice(0, -1) : text).split("\n");
  const parts: string[] = [];
  let from = 0;
  for (const hunk of hunks) {
    const at = placeOf(hunk, lines, from);
    if (at === undefined) throw new DeckhandError("no_match", whyNot(path, text, hunk));
    parts.push(...lines.slice(from, at));
    from = at;
    for (const { mark, text: line } of hunk.lines) {
      if (mark === "+") parts.push(line + newline);
      else {
        // The file's own line stays, whatever its white space.
        if (mark === " ") parts.push(lines[from] ?? "");
        from += 1;
      }
    }
  }
  const all = [...parts, ...lines.slice(from)];
  return all.length === 0 ? "" : all.join("\n") + (endsWithNewline ? "\n" : "");
}

function placeOf({ below, lines: changes, atEnd }: Hunk, lines: readonly string[], from: number): number | undefined {
  let first = from;
  for (const line of below) {
    const at = lines.findIndex((each, index) => index >= first && matchesLoosely(line, each));
    if (at === -1) return undefined;
    first = at + 1;
  }
  const old = changes.flatMap(({ mark, text }) => (mark === "+" ? [] : [text]));
  if (old.length === 0) return below.length > 0 ? first : lines.length;
  const last = lines.length - old.length;
  const places = [...(atEnd ? [last] : []), ...range(first, last)].filter((at) => at >= first);
  for (const same of [(a: string, b?: string) => a === b || `${a}\r` === b, matchesLoosely]) {
    const found = places.find((at) => old.every((line, index) => same(line, lines[at + index])));
    if (found !== undefined) return found;
  }
  return undefined;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
}

function whyNot(path: string, text: string, { below, lines }: Hunk): string {
  const old = lines.flatMap(({ mark, text: line }) => (mark === "+" ? [] : [line]));
  const where = below.length === 0 ? "" : ` (below "${below.join('", "').slice(0, 200)}", and behind the hunk before)`;
  return explainNoMatch(path, text, old.join("\n"), `This hunk${where}`);
}
