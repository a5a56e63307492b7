/** A unified diff as git writes it, line by line, with the numbers of both sides. */
export interface DiffLine {
  readonly type: "same" | "added" | "deleted" | "hunk";
  readonly text: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

export interface DiffLines {
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly deleted: number;
}

export function diffLines(text: string): DiffLines {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  let added = 0;
  let deleted = 0;
  const first = text.search(/^@@/m);
  for (const line of (first === -1 ? text : text.slice(first)).replace(/\n$/, "").split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/.exec(line);
    if (hunk !== null) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      lines.push({ type: "hunk", text: hunk[3] ?? "", before: undefined, after: undefined });
    } else if (line.startsWith("+")) {
      lines.push({ type: "added", text: line.slice(1), before: undefined, after });
      after += 1;
      added += 1;
    } else if (line.startsWith("-")) {
      lines.push({ type: "deleted", text: line.slice(1), before, after: undefined });
      before += 1;
      deleted += 1;
    } else if (line.startsWith("\\")) {
      lines.push({ type: "hunk", text: line.slice(2), before: undefined, after: undefined });
    } else {
      lines.push({ type: "same", text: line.slice(1), before, after });
      before += 1;
      after += 1;
    }
  }
  return { lines, added, deleted };
}
