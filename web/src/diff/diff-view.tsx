import { memo, useMemo, useState } from "react";
import { useParser } from "../code/use-parser.ts";
import { ShowAll } from "../code/show-all.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { styleHunk, type StyledHunk, type StyledLine } from "./diff-rows.ts";
import { parsePatch, type Line } from "./patch.ts";

interface DiffViewProps {
  readonly path: string;
  /** A unified diff of this file. */
  readonly patch: string;
  /** Side by side instead of unified. */
  readonly split?: boolean;
  /** Longer diffs are collapsed to this number of lines. */
  readonly maxLines?: number;
}

/** Hiding fewer lines than this would save no space. */
const minHiddenLines = 5;

export const DiffView = memo(function DiffView({ path, patch, split = false, maxLines = 2000 }: DiffViewProps) {
  const t = useMessages();
  const parser = useParser(path);
  const [all, setAll] = useState(false);
  const hunks = useMemo(() => parsePatch(patch), [patch]);
  const count = hunks.reduce((sum, { lines }) => sum + lines.length, 0);
  const isLong = count >= maxLines + minHiddenLines;
  const shown = useMemo(() => {
    if (all || !isLong) return hunks;
    let remaining = maxLines;
    return hunks.flatMap((hunk) => {
      const lines = hunk.lines.slice(0, Math.max(0, remaining));
      remaining -= hunk.lines.length;
      return lines.length === 0 ? [] : [{ ...hunk, lines }];
    });
  }, [hunks, all, isLong, maxLines]);
  const styled = useMemo(() => shown.map((hunk) => styleHunk(hunk, parser)), [shown, parser]);
  return (
    <div className="overflow-x-hidden bg-panel">
      <table aria-label={t.work.changes.ofFile(path)} className="w-full table-fixed border-collapse font-mono text-xs">
        <colgroup>
          <col className="w-11" />
          <col className={split ? "" : "w-11"} />
          <col className={split ? "w-11" : ""} />
          {split && <col />}
        </colgroup>
        {styled.map((hunk, at) => (
          <HunkBody key={`${hunk.hunk.before} ${hunk.hunk.after}`} styled={hunk} split={split} first={at === 0} />
        ))}
      </table>
      {isLong && <ShowAll all={all} lines={count} onChange={setAll} />}
    </div>
  );
});

function HunkBody({
  styled: { hunk, lines, rows },
  split,
  first,
}: {
  readonly styled: StyledHunk;
  readonly split: boolean;
  readonly first: boolean;
}) {
  return (
    <tbody>
      {(!first || hunk.heading !== "" || hunk.after > 1) && (
        <tr className="bg-raised text-muted">
          <td colSpan={split ? 4 : 3} className="truncate px-3 py-0.5 text-2xs">
            {hunk.heading === "" ? "⋯" : hunk.heading}
          </td>
        </tr>
      )}
      {split
        ? rows.map(({ left, right }, at) => (
            <tr key={at} className="align-top">
              <Number line={left} side="before" />
              <Code line={left} side="before" />
              <Number line={right} side="after" />
              <Code line={right} side="after" />
            </tr>
          ))
        : lines.map((line, at) => (
            <tr key={at} className="align-top">
              <Number line={line} side="before" />
              <Number line={line} side="after" />
              <Code line={line} side={line.kind === "deleted" ? "before" : "after"} />
            </tr>
          ))}
    </tbody>
  );
}

type Side = "before" | "after";

const backgrounds: Readonly<Record<Line["kind"], string>> = { same: "", added: "bg-good-soft", deleted: "bg-bad-soft" };
const signs: Readonly<Record<Line["kind"], string>> = { same: " ", added: "+", deleted: "-" };
const marks: Readonly<Record<Line["kind"], string>> = {
  same: "",
  added: "rounded-[2px] bg-good/16",
  deleted: "rounded-[2px] bg-bad/16",
};

function Number({ line, side }: { readonly line: StyledLine | undefined; readonly side: Side }) {
  return (
    <td
      className={`pr-2 pl-1 text-right text-2xs leading-[1.125rem] text-muted tabular-nums select-none ${line === undefined ? "bg-side" : backgrounds[line.kind]}`}
    >
      {line?.[side]}
    </td>
  );
}

function Code({ line, side }: { readonly line: StyledLine | undefined; readonly side: Side }) {
  const t = useMessages();
  if (line === undefined) return <td className="bg-side" />;
  const isChanged = line.kind !== "same";
  return (
    <td className={`pr-2 pl-5 -indent-4 leading-[1.125rem] break-all whitespace-pre-wrap ${backgrounds[line.kind]}`}>
      <span
        aria-hidden={!isChanged}
        className={`inline-block w-4 indent-0 select-none ${line.kind === "added" ? "text-good" : "text-bad"}`}
      >
        {signs[line.kind]}
      </span>
      {isChanged && (
        <span className="sr-only">{side === "after" ? t.work.changes.added : t.work.changes.deleted} </span>
      )}
      {line.tokens.map(({ text, classes, marked }, at) => (
        <span key={at} className={marked ? `${classes.replace("tok-comment", "")} ${marks[line.kind]}` : classes}>
          {text}
        </span>
      ))}
      {line.noNewline === true && (
        <span className="ml-2 text-2xs text-muted select-none">{t.work.changes.noNewline}</span>
      )}
    </td>
  );
}
