import { lazy, Suspense } from "react";

/** Asked for at once, but not part of what the page waits for. */
const loading = import("./formatted.tsx");
const Formatted = lazy(async () => ({ default: (await loading).Formatted }));

interface MarkdownProps {
  readonly text: string;
  /** More is to come: what is not closed yet is closed for the eye. */
  readonly streaming?: boolean;
}

/** What a model says. Nothing in it is fetched, run or styled by it. */
export function Markdown({ text, streaming = false }: MarkdownProps) {
  return (
    <Suspense fallback={<div className="prose plain-text">{text}</div>}>
      <Formatted text={text} streaming={streaming} />
    </Suspense>
  );
}
