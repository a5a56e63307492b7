import { useEffect, useState } from "react";
import { highlighted, type Token } from "./tokens.ts";

type Lines = readonly (readonly Token[])[];

/** Of the last pieces that were coloured: rows come and go as one scrolls, and must not blink. */
const known = new Map<string, Lines>();
const mostKnown = 200;

/** Undefined while it is plain. `settled`: false while the text still grows; then nothing is parsed. */
export function useHighlighted(text: string, language: string, settled = true): Lines | undefined {
  const key = `${language}\n${text}`;
  const [shown, setShown] = useState<{ readonly key: string; readonly lines: Lines | undefined }>();
  useEffect(() => {
    if (!settled || known.has(key)) return;
    let gone = false;
    highlighted(text, language).then(
      (lines) => {
        if (lines !== undefined) keep(key, lines);
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
  return known.get(key) ?? (shown?.key === key ? shown.lines : undefined);
}

function keep(key: string, lines: Lines): void {
  const [oldest] = known.keys();
  if (known.size >= mostKnown && oldest !== undefined) known.delete(oldest);
  known.set(key, lines);
}
