/** The first or last lines of a text; undefined if that would hide hardly any. */
export function shortenLines(
  text: string,
  count: number,
  from: "start" | "end",
): { readonly text: string; readonly lines: number } | undefined {
  const lines = text.replace(/\n$/, "").split("\n");
  // A button that shows two more lines would take as much space as the lines.
  if (lines.length <= count + 2) return undefined;
  const shown = from === "start" ? lines.slice(0, count) : lines.slice(-count);
  return { text: shown.join("\n"), lines: lines.length };
}

/** Removes terminal colours (ECMA-48 CSI sequences). */
export function stripColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- sequences start with ESC
  return text.includes("\u001B") ? text.replaceAll(/\u001B\[[0-?]*[ -/]*[@-~]/g, "") : text;
}
