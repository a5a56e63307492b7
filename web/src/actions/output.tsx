import { useMemo, useState } from "react";
import { CodeText } from "../code/code-text.tsx";
import { languageOfPath } from "../code/tokens.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { shortenLines, stripColours } from "./output-text.ts";
import { ShowAll } from "../code/show-all.tsx";

interface OutputProps {
  readonly label: string;
  readonly text: string;
  readonly tone: "plain" | "bad";
  /** A language name or a file path; empty for plain text. */
  readonly language: string;
  readonly from: "start" | "end";
  readonly growing: boolean;
}

/** Longer output is collapsed to this number of lines. */
const collapsedLines = 12;
/** Longer text is cut in the middle: laying it out would noticeably block the UI. */
const maxChars = 40_000;

/** Output of tools, always shown as plain text. */
export function Output({ label, text, tone, language, from, growing }: OutputProps) {
  const t = useMessages();
  const [all, setAll] = useState(false);
  const plain = useMemo(() => stripColours(text), [text]);
  const short = useMemo(() => shortenLines(plain, collapsedLines, from), [plain, from]);
  const shown = all || short === undefined ? truncate(plain, t.actions.charactersHidden) : short.text;
  return (
    <div className="group/out relative overflow-hidden rounded-lg border border-line bg-code">
      <pre
        tabIndex={0}
        aria-label={label}
        className={`plain-text overflow-auto px-3 py-2 text-xs/[1.35rem] outline-offset-[-2px] ${all ? "max-h-[60dvh]" : ""} ${
          tone === "bad" ? "text-bad" : ""
        }`}
      >
        {language === "" ? shown : <CodeText text={shown} language={languageOfPath(language)} settled={!growing} />}
      </pre>
      <CopyButton
        text={() => plain}
        label={t.actions.copyOutput}
        className="absolute! top-1 right-1 bg-code opacity-0 group-hover/out:opacity-100 focus-visible:opacity-100"
      />
      {short !== undefined && <ShowAll all={all} lines={short.lines} onChange={setAll} />}
    </div>
  );
}

function truncate(text: string, note: (hidden: number) => string): string {
  if (text.length <= maxChars) return text;
  const half = maxChars / 2;
  return `${text.slice(0, half)}\n${note(text.length - maxChars)}\n${text.slice(-half)}`;
}
