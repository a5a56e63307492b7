import { useEffect, useState } from "react";
import type { Parser } from "./highlight.ts";
import { languageOf } from "./languages.ts";

/** Of the language of that file; undefined until it is there, and where none is known. */
export function useParser(path: string): Parser | undefined {
  const [found, setFound] = useState<{ readonly path: string; readonly parser: Parser }>();
  useEffect(() => {
    let isGone = false;
    languageOf(path)?.then(
      ({ language: { parser } }) => {
        if (!isGone) setFound({ path, parser });
      },
      () => {
        // Then it has no colours.
      },
    );
    return () => {
      isGone = true;
    };
  }, [path]);
  return found?.path === path ? found.parser : undefined;
}
