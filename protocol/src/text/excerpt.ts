/** Shortened text for lists and titles. */

const maxExcerptChars = 500;
const maxTitleChars = 80;

/** The beginning of a text. */
export function excerpt(text: string, maxChars = maxExcerptChars): string {
  return truncate(text.trim(), maxChars);
}

/** The first line, for a title. */
export function firstLine(text: string): string {
  return truncate((text.trim().split("\n", 1)[0] ?? "").trimEnd(), maxTitleChars);
}

function truncate(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // Do not keep half of a surrogate pair.
  return `${text.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
