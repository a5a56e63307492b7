/** Code as tokens whose classes style.css colours; no style attributes are needed. */
export interface Token {
  readonly text: string;
  /** Empty for plain text. */
  readonly classes: string;
}

/** The language of a file: "ts" for `src/a.ts`; "dockerfile" for `Dockerfile`. */
export function languageOfPath(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return name.slice(name.lastIndexOf(".") + 1);
}

export function plainLines(text: string): readonly (readonly Token[])[] {
  return text.split("\n").map((line) => [{ text: line, classes: "" }]);
}
