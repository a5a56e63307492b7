/** Lines as the first protocol counts them: `start` from 0, `end` exclusive, -1 for the end of the file. */

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Splits behind each newline, so that joining the lines gives the text again. */
export function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

export function selectLines(text: string, { start, end }: Range): string {
  if (start === 0 && end === -1) return text;
  return splitLines(text)
    .slice(start, end === -1 ? undefined : end)
    .join("");
}

/** Puts `content` in place of the lines; a line that it breaks off in gets its newline. */
export function replaceLines(text: string, { start, end }: Range, content: string): string {
  if (start === 0 && end === -1) return content;
  const lines = splitLines(text);
  const before = lines.slice(0, start).join("");
  const after = end === -1 ? "" : lines.slice(end).join("");
  return closed(before) + (after === "" ? content : closed(content)) + after;
}

function closed(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
