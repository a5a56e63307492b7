import { lazy, Suspense } from "react";

/** Requested at once, without delaying the first render. */
const loading = import("./formatted.tsx");
const Formatted = lazy(async () => ({ default: (await loading).Formatted }));

interface MarkdownProps {
  readonly text: string;
  /** More text is coming; unclosed markup is rendered as if it were closed. */
  readonly streaming?: boolean;
}

/** Renders Markdown of a model. It cannot fetch, run or style anything. */
export function Markdown({ text, streaming = false }: MarkdownProps) {
  return (
    <Suspense fallback={<div className="prose plain-text">{text}</div>}>
      <Formatted text={text} streaming={streaming} />
    </Suspense>
  );
}
