import { useMemo } from "react";
import { PinIcon, PlusIcon, ProjectIcon } from "@primer/octicons-react";
import type { ConversationRow } from "@deckhand/client";
import { conversationUrl, homeUrl, inboxUrl } from "../urls.ts";
import { EscapedText } from "../approval/escaped-text.tsx";
import { isBusy, needsYou } from "../conversations/rows.ts";
import { rowLabel, StateIcon } from "../conversations/state-icon.tsx";
import type { ConversationList } from "../conversations/use-conversations.ts";
import { Link } from "../shell/link.tsx";
import { PageFrame } from "../shell/page-frame.tsx";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { formatRelativeTime, formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** The most recent ones; the sidebar lists all. */
const maxDone = 30;

const columns = ["needsAttention", "running", "waiting", "done"] as const;
type Column = (typeof columns)[number];

const borders: Readonly<Record<Column, string>> = {
  needsAttention: "border-t-warn",
  running: "border-t-accent",
  waiting: "border-t-info",
  done: "border-t-strong",
};

/** All conversations in columns by their state. */
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
                {column === "needsAttention" && found.needsAttention.length > 0 ? (
                  <Link href={inboxUrl()} className="hover:underline">
                    {t.board.columns[column]}
                  </Link>
                ) : (
                  t.board.columns[column]
                )}
                <span className="text-xs font-normal text-muted tabular-nums">{found[column].length}</span>
              </h2>
              <ul className="flex flex-col gap-2">
                {found[column].slice(0, column === "done" ? maxDone : undefined).map((row) => (
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

function byColumn(rows: readonly ConversationRow[]): Readonly<Record<Column, readonly ConversationRow[]>> {
  const found: Record<Column, ConversationRow[]> = { needsAttention: [], running: [], waiting: [], done: [] };
  for (const row of rows) if (!row.archived) found[columnOf(row)].push(row);
  return found;
}

function columnOf(row: ConversationRow): Column {
  if (needsYou(row)) return "needsAttention";
  if (isBusy(row)) return "running";
  switch (row.agent_state) {
    case "finished":
    case "stopped":
    case "rejected":
    case "error":
      return "done";
    default:
      return "waiting";
  }
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
