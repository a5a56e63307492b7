import { useMemo, useState } from "react";
import { Tokens } from "../code/code-text.tsx";
import { languageOfPath } from "../code/tokens.ts";
import { useHighlighted } from "../code/use-highlighted.ts";
import { useMessages } from "../i18n/i18n.ts";
import { diffLines, type DiffLine } from "./diff-lines.ts";
import { ShowAll } from "./show-all.tsx";

interface DiffViewProps {
  readonly text: string;
  /** Tells what it is written in. */
  readonly path: string;
}

const fewLines = 28;
const mostLines = 1_000;

const grounds: Readonly<Record<DiffLine["type"], string>> = {
  added: "bg-good-soft",
  deleted: "bg-bad-soft",
  same: "",
  hunk: "bg-raised/60 text-muted",
};
const signs: Readonly<Record<DiffLine["type"], string>> = { added: "+", deleted: "−", same: "", hunk: "" };

/** An edit, in one column. */
export function DiffView({ text, path }: DiffViewProps) {
  const t = useMessages();
  const [all, setAll] = useState(false);
  const { lines } = useMemo(() => diffLines(text), [text]);
  const joined = useMemo(() => lines.map((line) => line.text).join("\n"), [lines]);
  const coloured = useHighlighted(joined, languageOfPath(path));
  const more = lines.length > fewLines + 4;
  const shown = lines.slice(0, all || !more ? mostLines : fewLines);
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-code">
      <pre
        tabIndex={0}
        aria-label={t.actions.changes}
        className={`overflow-auto py-1.5 text-xs/[1.35rem] outline-offset-[-2px] ${all ? "max-h-[60dvh]" : ""}`}
      >
        <span className="block w-max min-w-full">
          {shown.map((line, index) => {
            // Where it begins is plain from the numbers.
            if (index === 0 && line.type === "hunk" && line.text === "") return null;
            const tokens = coloured?.[index];
            return (
              // oxlint-disable-next-line react/no-array-index-key -- the lines of a diff stay where they are
              <span key={index} className={`flex min-h-5 ${grounds[line.type]}`}>
                <Number value={line.before} />
                <Number value={line.after} />
                <span
                  className={`w-5 shrink-0 text-center select-none ${line.type === "added" ? "text-good" : "text-bad"}`}
                >
                  {signs[line.type]}
                </span>
                <span className="pr-3 whitespace-pre">
                  {tokens === undefined || line.type === "hunk" ? line.text : <Tokens tokens={tokens} />}
                </span>
              </span>
            );
          })}
        </span>
      </pre>
      {more && <ShowAll all={all} lines={lines.length} onChange={setAll} />}
    </div>
  );
}

function Number({ value }: { readonly value: number | undefined }) {
  return (
    <span aria-hidden="true" className="w-10 shrink-0 pr-2 text-right text-2xs/[1.35rem] text-muted/80 select-none">
      {value}
    </span>
  );
}
