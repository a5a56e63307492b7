/**
 * Colours for code, as classes that style.css knows: no style attributes, and no grammar before there is something to
 * colour. What has no grammar here stays plain.
 */
import { languageNamed } from "./languages.ts";

export interface Token {
  readonly text: string;
  /** Empty where it is plain. */
  readonly classes: string;
}

/** Characters that are coloured at most: parsing more would be felt. */
const maxChars = 30_000;

/** `src/a.ts` is "ts"; "Dockerfile" is its own name. */
export function languageOfPath(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Line by line. Undefined where it stays plain. */
export async function highlight(text: string, language: string): Promise<readonly (readonly Token[])[] | undefined> {
  const support = text.length > maxChars ? undefined : languageNamed(language);
  if (support === undefined) return undefined;
  const [
    {
      language: { parser },
    },
    { highlightLines },
  ] = await Promise.all([support, import("./highlight.ts")]);
  return highlightLines(text, parser);
}

export function plainLines(text: string): readonly (readonly Token[])[] {
  return text.split("\n").map((line) => [{ text: line, classes: "" }]);
}
