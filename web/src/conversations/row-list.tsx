import { useEffect, useMemo, useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { ConversationRow } from "@deckhand/client";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { RowView } from "./row-view.tsx";
import { treeOf } from "./rows.ts";
import type { ConversationList } from "./use-conversations.ts";

interface RowListProps {
  readonly list: ConversationList;
  readonly current: string | undefined;
  readonly onRename: (row: ConversationRow) => void;
  readonly onDelete: (row: ConversationRow) => void;
}

const rowHeight = 46;

/** Renders visible rows only. */
export function RowList({ list, current, onRename, onDelete }: RowListProps) {
  const t = useMessages();
  const scroller = useRef<HTMLDivElement>(null);
  const tree = useMemo(() => treeOf(list.rows), [list.rows]);
  // oxlint-disable-next-line react/incompatible-library -- its result is used here only and never memoized
  const virtualizer = useVirtualizer({
    count: tree.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => tree[index]?.row.id ?? index,
    overscan: 8,
  });
  const shown = virtualizer.getVirtualItems();
  const { hasMore, showMore } = list;
  const last = shown.at(-1)?.index ?? 0;
  const isNearEnd = hasMore && last >= tree.length - 5;
  useEffect(() => {
    // Depends on the length too: each response makes the list longer.
    if (isNearEnd && scroller.current !== null && scroller.current.scrollTop > 0) showMore();
  }, [isNearEnd, showMore, tree.length]);

  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2">
      <ul
        ref={(element) => element?.style.setProperty("height", `${virtualizer.getTotalSize()}px`)}
        className="relative"
      >
        {shown.map(({ index, key, start }) => {
          const found = tree[index];
          if (found === undefined) return null;
          return (
            <li
              key={key}
              data-index={index}
              ref={(element) => {
                element?.style.setProperty("transform", `translateY(${start}px)`);
                virtualizer.measureElement(element);
              }}
              className="group absolute inset-x-0 top-0 pb-px"
            >
              <RowView
                row={found.row}
                depth={found.depth}
                isCurrent={found.row.id === current}
                onRename={() => onRename(found.row)}
                onDelete={() => onDelete(found.row)}
              />
            </li>
          );
        })}
      </ul>
      {list.loaded && tree.length === 0 && (
        <p className="px-2 py-2 text-sm text-muted">
          {list.query.trim() !== ""
            ? t.conversations.noResults
            : list.archived
              ? t.conversations.noArchived
              : t.conversations.noConversations}
        </p>
      )}
      {hasMore && (
        <Button className="my-2 w-full" size="small" onClick={showMore}>
          {t.conversations.showMore}
        </Button>
      )}
    </div>
  );
}
