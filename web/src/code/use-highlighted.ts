import { useEffect, useState } from "react";
import { highlight, type Token } from "./tokens.ts";

type Lines = readonly (readonly Token[])[];

/** Of the last pieces that were coloured: rows come and go as one scrolls, and must not blink. */
const cache = new Map<string, Lines>();
const maxCached = 200;

/** Undefined while it is plain. `settled`: false while the text still grows; then nothing is parsed. */
export function useHighlighted(text: string, language: string, settled = true): Lines | undefined {
  const key = `${language}\n${text}`;
  const [shown, setShown] = useState<{ readonly key: string; readonly lines: Lines | undefined }>();
  useEffect(() => {
    if (!settled || cache.has(key)) return;
    let gone = false;
    highlight(text, language).then(
      (lines) => {
        if (lines !== undefined) remember(key, lines);
        if (!gone) setShown({ key, lines });
      },
      () => {
        // A grammar that does not come leaves it plain.
      },
    );
    return () => {
      gone = true;
    };
  }, [key, text, language, settled]);
  return cache.get(key) ?? (shown?.key === key ? shown.lines : undefined);
}

function remember(key: string, lines: Lines): void {
  const [oldest] = cache.keys();
  if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest);
  cache.set(key, lines);
}
