import { useMemo } from "react";
import { BookIcon } from "@primer/octicons-react";
import { useStickToEnd } from "../use-stick-to-end.ts";
import { highlightLines, type Parser } from "../../code/highlight.ts";
import { useParser } from "../../code/use-parser.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Spinner } from "../../ui/progress.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { cells, type Cell } from "./cells.ts";

/** The cells of the notebook kernel, in order. */
export function NotebookTab({ snapshot: { events } }: WorkTabProps) {
  const t = useMessages();
  const all = useMemo(() => cells(events), [events]);
  const { scroller } = useStickToEnd();
  const parser = useParser("cell.py");
  if (all.length === 0) {
    return (
      <EmptyState icon={BookIcon} title={t.work.notebook.empty}>
        {t.work.notebook.emptyDescription}
      </EmptyState>
    );
  }
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto py-3">
      <ol>
        {all.map((cell) => (
          <CellView key={cell.id} cell={cell} parser={parser} />
        ))}
      </ol>
    </div>
  );
}

function CellView({ cell, parser }: { readonly cell: Cell; readonly parser: Parser | undefined }) {
  const t = useMessages();
  const lines = useMemo(() => highlightLines(cell.code, parser), [cell.code, parser]);
  return (
    <li className="grid grid-cols-[3rem_1fr] px-3 pb-4 text-xs">
      <span className="pt-2 pr-2 text-right font-mono text-muted tabular-nums">[{cell.count}]</span>
      <pre aria-label={t.work.notebook.cell(cell.count)} className="overflow-x-auto rounded-lg bg-code px-3 py-2">
        {lines.map((tokens, at) => (
          <span key={at} className="block min-h-[1.125rem]">
            {tokens.map(({ text, classes }, index) => (
              <span key={index} className={classes}>
                {text}
              </span>
            ))}
          </span>
        ))}
      </pre>
      <span />
      <div className="min-w-0 pt-1.5">
        {cell.output === undefined ? (
          <Spinner label={t.work.notebook.running} />
        ) : (
          cell.output !== "" && (
            <pre className={`plain-text px-3 ${cell.isError ? "text-bad" : "text-soft"}`}>{cell.output}</pre>
          )
        )}
        {cell.images.map((image, at) => (
          <img
            key={at}
            src={image}
            alt={t.work.notebook.imageOfCell(cell.count)}
            className="mt-2 max-w-full rounded-md bg-white"
          />
        ))}
      </div>
    </li>
  );
}
