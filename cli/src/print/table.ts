import { stripControls } from "./strip-controls.ts";

/** Aligns the head and the rows in columns. Columns of numbers are right-aligned, except for the first column. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => stripControls(cell).replaceAll(/\s+/g, " ")));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const isNumber = head.map((_, at) => at > 0 && rows.every((row) => /^[$\d–-]/.test(row[at] ?? "")));
  return cells.map((row) =>
    row
      .map((cell, at) => (isNumber[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** `$0.0123`, `$12.30`; `–` if no price is known. */
export function dollars({ cost_usd: usd, calls, unpriced_calls: unpriced }: Priced): string {
  if (calls > 0 && unpriced === calls) return "–";
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}${unpriced > 0 ? "+" : ""}`;
}

interface Priced {
  readonly cost_usd: number;
  readonly calls: number;
  readonly unpriced_calls: number;
}
