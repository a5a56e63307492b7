const typographicChars: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201A\u201B]/g, "'"],
  [/[\u201C\u201D\u201E\u201F]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, "-"],
  [/[\u00A0\u2002-\u200A\u202F\u205F\u3000]/g, " "],
];

/** A line as a model remembers it: trimmed, with ASCII quotes, dashes and spaces. */
export function normalizeLine(line: string): string {
  let normalized = line;
  // Nearly all lines are ASCII and need no replacements.
  // oxlint-disable-next-line no-control-regex
  if (/[^\x00-\x7F]/.test(line)) {
    for (const [typographic, ascii] of typographicChars) normalized = normalized.replace(typographic, ascii);
  }
  return normalized.trim();
}

export function matchesLoosely(a: string, b: string | undefined): boolean {
  return b !== undefined && normalizeLine(a) === normalizeLine(b);
}
