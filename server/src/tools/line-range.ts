/** Line ranges as OpenHands 0.9–0.14 counts them: `start` from 0, `end` exclusive, -1 for the end of the file. */

interface LineRange {
  readonly start: number;
  readonly end: number;
}

export function isWholeFile({ start, end }: LineRange): boolean {
  return start === 0 && end === -1;
}

/** Splits after each newline, so that joining the lines restores the text. */
function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

export function selectLines(text: string, range: LineRange): string {
  if (isWholeFile(range)) return text;
  return splitLines(text)
    .slice(range.start, range.end === -1 ? undefined : range.end)
    .join("");
}

/** Replaces the lines with `content`, adding the newlines that keep it apart from the lines around it. */
export function replaceLines(text: string, range: LineRange, content: string): string {
  if (isWholeFile(range)) return content;
  const lines = splitLines(text);
  const before = lines.slice(0, range.start).join("");
  const after = range.end === -1 ? "" : lines.slice(range.end).join("");
  return withNewline(before) + (after === "" ? content : withNewline(content)) + after;
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
