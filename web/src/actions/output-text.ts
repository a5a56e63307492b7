/** What of an output is in sight. */

/** The first or the last lines, where there are clearly more. */
export function shortenLines(
  text: string,
  few: number,
  from: "start" | "end",
): { readonly text: string; readonly lines: number } | undefined {
  const lines = text.replace(/\n$/, "").split("\n");
  // Two lines more are shown rather than hidden behind a button of that size.
  if (lines.length <= few + 2) return undefined;
  const kept = from === "start" ? lines.slice(0, few) : lines.slice(-few);
  return { text: kept.join("\n"), lines: lines.length };
}

/** Terminal colours (ECMA-48 CSI sequences) would be litter here. */
export function stripColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- ESC is what they begin with
  return text.includes("\u001B") ? text.replaceAll(/\u001B\[[0-?]*[ -/]*[@-~]/g, "") : text;
}
