/** How the indentation of a quoted text differs from the file's: what each of its depths is in the file. */

const leading = /^[\t ]*/;

/** Undefined where one depth of the quote is two depths of the file: then its structure is another one. */
export function indentationBetween(
  quoted: readonly string[],
  present: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const depths = new Map<string, string>();
  for (const [index, line] of quoted.entries()) {
    if (line.trim() === "") continue;
    const [from = ""] = leading.exec(line) ?? [];
    const [to = ""] = leading.exec(present[index] ?? "") ?? [];
    if ((depths.get(from) ?? to) !== to) return undefined;
    depths.set(from, to);
  }
  return depths;
}

/** The line with the file's indentation. A depth that the quote does not have is counted from the deepest below it that it has. */
export function indentedBy(depths: ReadonlyMap<string, string>, line: string): string {
  if (line.trim() === "") return line;
  const [indent = ""] = leading.exec(line) ?? [];
  const base = [...depths.keys()]
    .filter((depth) => indent.startsWith(depth))
    .reduce<string | undefined>(
      (deepest, depth) => (depth.length >= (deepest ?? "").length ? depth : deepest),
      undefined,
    );
  if (base !== undefined) return (depths.get(base) ?? "") + line.slice(base.length);
  // Shallower than all that is known: the file's indentation has this much in front of the quote's, or it stays.
  const [known] = [...depths].filter(([from, to]) => to.endsWith(from));
  return known === undefined ? line : known[1].slice(0, known[1].length - known[0].length) + line;
}
