import { useHighlighted } from "./use-highlighted.ts";
import type { Token } from "./tokens.ts";

interface CodeTextProps {
  readonly text: string;
  readonly language: string;
  readonly settled?: boolean;
}

/** Code, highlighted once its grammar is loaded. The text itself never changes. */
export function CodeText({ text, language, settled = true }: CodeTextProps) {
  const lines = useHighlighted(text, language, settled);
  if (lines === undefined) return text;
  return lines.map((tokens, line) => (
    // oxlint-disable-next-line react/no-array-index-key -- lines keep their order
    <span key={line}>
      {line > 0 && "\n"}
      <Tokens tokens={tokens} />
    </span>
  ));
}

export function Tokens({ tokens }: { readonly tokens: readonly Token[] }) {
  return tokens.map(({ text, classes }, index) =>
    classes === "" ? (
      text
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- tokens keep their order
      <span key={index} className={classes}>
        {text}
      </span>
    ),
  );
}
