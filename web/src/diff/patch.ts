/** Parses a unified diff of one file, as git writes it. Everything before the first hunk is ignored. */
export interface Line {
  readonly kind: "same" | "added" | "deleted";
  readonly text: string;
  /** Line numbers from 1; undefined on the side that does not have the line. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** The file ends here without a newline. */
  readonly noNewline?: true;
}

export interface Hunk {
  readonly before: number;
  readonly after: number;
  /** The function or section around the hunk, as git found it. */
  readonly heading: string;
  readonly lines: readonly Line[];
}

const hunkHeader = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/;

export function parsePatch(patch: string): readonly Hunk[] {
  const hunks: (Omit<Hunk, "lines"> & { readonly lines: Line[] })[] = [];
  let before = 0;
  let after = 0;
  const text = patch.endsWith("\n") ? patch.slice(0, -1) : patch;
  for (const raw of text.split("\n")) {
    const header = hunkHeader.exec(raw);
    const lines = hunks.at(-1)?.lines;
    if (header !== null) {
      before = Number(header[1]);
      after = Number(header[2]);
      hunks.push({ before, after, heading: header[3] ?? "", lines: [] });
    } else if (lines === undefined) continue;
    else if (raw.startsWith("+")) {
      lines.push({ kind: "added", text: raw.slice(1), before: undefined, after });
      after += 1;
    } else if (raw.startsWith("-")) {
      lines.push({ kind: "deleted", text: raw.slice(1), before, after: undefined });
      before += 1;
    } else if (raw.startsWith("\\")) {
      const last = lines.pop();
      if (last !== undefined) lines.push({ ...last, noNewline: true });
    } else if (raw.startsWith(" ") || raw === "") {
      lines.push({ kind: "same", text: raw.slice(1), before, after });
      before += 1;
      after += 1;
    }
  }
  return hunks;
}

export function countChanges(hunks: readonly Hunk[]): { readonly added: number; readonly deleted: number } {
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const count = (kind: Line["kind"]): number => lines.filter((line) => line.kind === kind).length;
  return { added: count("added"), deleted: count("deleted") };
}

export interface Pair {
  readonly left: Line | undefined;
  readonly right: Line | undefined;
}

/** The rows of a split view: deleted lines beside the lines that replace them. */
export function pairLines(lines: readonly Line[]): readonly Pair[] {
  const rows: Pair[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    if (line?.kind === "same") {
      rows.push({ left: line, right: line });
      at += 1;
      continue;
    }
    const deleted = runOf(lines, at, "deleted");
    const added = runOf(lines, at + deleted.length, "added");
    for (let row = 0; row < Math.max(deleted.length, added.length); row++) {
      rows.push({ left: deleted[row], right: added[row] });
    }
    at += deleted.length + added.length;
  }
  return rows;
}

function runOf(lines: readonly Line[], from: number, kind: Line["kind"]): readonly Line[] {
  let to = from;
  while (lines[to]?.kind === kind) to += 1;
  return lines.slice(from, to);
}
