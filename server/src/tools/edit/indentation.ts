/** Maps the indentation of a quoted text to that of the file: for each depth in the quote, the depth in the file. */

const leadingWhitespace = /^[\t ]*/;

/** Undefined if one depth of the quote corresponds to two depths of the file: its structure is different then. */
export function indentationBetween(
  quotedLines: readonly string[],
  fileLines: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const depths = new Map<string, string>();
  for (const [index, line] of quotedLines.entries()) {
    if (line.trim() === "") continue;
    const [from = ""] = leadingWhitespace.exec(line) ?? [];
    const [to = ""] = leadingWhitespace.exec(fileLines[index] ?? "") ?? [];
    if ((depths.get(from) ?? to) !== to) return undefined;
    depths.set(from, to);
  }
  return depths;
}

/** Indents the line as in the file. A depth that the quote lacks is relative to the next shallower one that it has. */
export function indentedBy(depths: ReadonlyMap<string, string>, line: string): string {
  if (line.trim() === "") return line;
  const [indent = ""] = leadingWhitespace.exec(line) ?? [];
  const base = [...depths.keys()]
    .filter((depth) => indent.startsWith(depth))
    .reduce<string | undefined>(
      (deepest, depth) => (depth.length >= (deepest ?? "").length ? depth : deepest),
      undefined,
    );
  if (base !== undefined) return (depths.get(base) ?? "") + line.slice(base.length);
  // Shallower than every depth of the quote: add what the file has in front of the quote's indentation, if that is it.
  const [known] = [...depths].filter(([from, to]) => to.endsWith(from));
  return known === undefined ? line : known[1].slice(0, known[1].length - known[0].length) + line;
}
