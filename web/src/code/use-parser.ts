import { useEffect, useState } from "react";
import type { Parser } from "./highlight.ts";
import { languageOf } from "./languages.ts";

/** The parser for the language of a file; undefined until it is loaded, or if the language is unknown. */
export function useParser(path: string): Parser | undefined {
  const [loaded, setLoaded] = useState<{ readonly path: string; readonly parser: Parser }>();
  useEffect(() => {
    let isUnmounted = false;
    languageOf(path)?.then(
      ({ language: { parser } }) => {
        if (!isUnmounted) setLoaded({ path, parser });
      },
      () => {
        // The file stays plain if its grammar fails to load.
      },
    );
    return () => {
      isUnmounted = true;
    };
  }, [path]);
  return loaded?.path === path ? loaded.parser : undefined;
}
