import { useEffect, useState } from "react";
import { languageNamed } from "./languages.ts";
import type { Token } from "./tokens.ts";

type Lines = readonly (readonly Token[])[];

/** Longer text stays plain: parsing it would noticeably block the UI. */
const maxChars = 30_000;

/** The most recently highlighted texts. Rows unmount and mount again while the user scrolls, and must not flicker. */
const cache = new Map<string, Lines>();
const maxCached = 200;

/** Undefined for plain text. `settled` is false while the text still grows; it is not parsed until then. */
export function useHighlighted(text: string, language: string, settled = true): Lines | undefined {
  const key = `${language}\n${text}`;
  const [shown, setShown] = useState<{ readonly key: string; readonly lines: Lines | undefined }>();
  useEffect(() => {
    if (!settled || cache.has(key)) return;
    let isUnmounted = false;
    highlight(text, language).then(
      (lines) => {
        if (lines !== undefined) remember(key, lines);
        if (!isUnmounted) setShown({ key, lines });
      },
      () => {
        // The text stays plain if its grammar fails to load.
      },
    );
    return () => {
      isUnmounted = true;
    };
  }, [key, text, language, settled]);
  return cache.get(key) ?? (shown?.key === key ? shown.lines : undefined);
}

/** Loads the highlighter and the grammar on first use. */
async function highlight(text: string, language: string): Promise<Lines | undefined> {
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

function remember(key: string, lines: Lines): void {
  const [oldest] = cache.keys();
  if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest);
  cache.set(key, lines);
}
