import { useMemo } from "react";
import { PinIcon, PlusIcon, ProjectIcon } from "@primer/octicons-react";
import type { ConversationRow } from "@deckhand/client";
import { conversationUrl, homeUrl, inboxUrl } from "../urls.ts";
import { EscapedText } from "../approval/escaped-text.tsx";
import { rowLabel, StateIcon } from "../conversations/state-icon.tsx";
import type { ConversationList } from "../conversations/use-conversations.ts";
import { Link } from "../shell/link.tsx";
import { PageFrame } from "../shell/page-frame.tsx";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { formatRelativeTime, formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { byColumn, columns, type Column } from "./columns.ts";

/** Of what rests the last ones: the list has them all. */
const maxDone = 30;

const borders: Readonly<Record<Column, string>> = {
  needsYou: "border-t-warn",
  works: "border-t-accent",
  waits: "border-t-info",
  rests: "border-t-strong",
};

/** What runs, what waits, what needs a person and what rests, at a glance. */
export function BoardPage({ list }: { readonly list: ConversationList }) {
  const t = useMessages();
  const found = useMemo(() => byColumn(list.rows), [list.rows]);
  const newTask = (
    <Link href={homeUrl()} className={buttonClass("primary", "small")}>
      <PlusIcon size={14} />
      {t.app.newTask}
    </Link>
  );
  const isEmpty = list.loaded && list.rows.length === 0 && list.query === "";
  return (
    <PageFrame title={t.app.board} wide actions={newTask}>
      {!list.loaded && <Skeleton />}
      {isEmpty && (
        <EmptyState icon={ProjectIcon} title={t.board.empty} actions={newTask}>
          {t.board.emptyDescription}
        </EmptyState>
      )}
      {list.query !== "" && <p className="mb-3 text-sm text-muted">{t.board.searchResults(list.query)}</p>}
      {!isEmpty && list.loaded && (
        <div className="grid flex-1 grid-cols-1 content-start items-start gap-4 md:grid-cols-2 xl:grid-cols-4">
          {columns.map((column) => (
            <section
              key={column}
              aria-label={t.board.columns[column]}
              className={`flex min-w-0 flex-col gap-2 rounded-lg border border-t-3 border-line bg-side p-2.5 ${borders[column]}`}
            >
              <h2 className="flex items-baseline justify-between px-1 text-sm font-semibold">
                {column === "needsYou" && found.needsYou.length > 0 ? (
                  <Link href={inboxUrl()} className="hover:underline">
                    {t.board.columns[column]}
                  </Link>
                ) : (
                  t.board.columns[column]
                )}
                <span className="text-xs font-normal text-muted tabular-nums">{found[column].length}</span>
              </h2>
              <ul className="flex flex-col gap-2">
                {found[column].slice(0, column === "rests" ? maxDone : undefined).map((row) => (
                  <Card key={row.id} row={row} />
                ))}
              </ul>
              {found[column].length === 0 && (
                <p className="px-1 pb-1 text-xs text-muted">{t.board.emptyColumns[column]}</p>
              )}
            </section>
          ))}
        </div>
      )}
    </PageFrame>
  );
}

function Card({ row }: { readonly row: ConversationRow }) {
  const t = useMessages();
  return (
    <li>
      <Link
        href={conversationUrl(row.id)}
        className="flex flex-col gap-1 rounded-md border border-line bg-panel px-3 py-2 shadow-low hover:border-strong"
      >
        <span className="flex items-start gap-2">
          <span className="mt-1">
            <StateIcon row={row} />
          </span>
          <span className="line-clamp-2 min-w-0 flex-1 text-sm font-medium break-words">
            {row.title || t.common.untitled}
          </span>
          {row.pinned && <PinIcon size={12} className="mt-1 shrink-0 text-muted" />}
        </span>
        {row.waiting !== null && row.waiting.text !== "" && (
          <span className="line-clamp-2 text-xs break-words text-soft">
            <EscapedText text={row.waiting.text} />
          </span>
        )}
        <span className="flex items-center justify-between gap-2 text-xs text-muted">
          <span className="truncate">
            {rowLabel(row, t)} · {formatRelativeTime(row.updated_at)}
          </span>
          {row.cost_usd > 0 && <span className="shrink-0 tabular-nums">{formatCost(row.cost_usd)}</span>}
        </span>
      </Link>
    </li>
  );
}
