import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { ArrowDownIcon } from "@primer/octicons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { ViewState } from "@deckhand/client";
import { emptyState } from "@deckhand/protocol";
import { useCommands } from "../../shell/commands.ts";
import { Button } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { ItemOf } from "../items/item.ts";
import { focusRow, scrollWithKeys } from "./row-focus.ts";
import { RowView } from "./row-view.tsx";
import { eventOf, rowOfEvent, type Row } from "../items/rows.ts";
import { endThreshold, useFollowing } from "./use-following.ts";

interface TimelineProps {
  readonly snapshot: ViewState;
  readonly rows: readonly Row[];
  /** The event to scroll to, from the URL. */
  readonly event: number | undefined;
}

/** Renders visible rows only, and follows the end until the user scrolls away from it. */
export function Timeline({ snapshot, rows, event }: TimelineProps) {
  const t = useMessages();
  const { state, streaming, caughtUp } = snapshot;
  const scroller = useRef<HTMLDivElement>(null);
  const { following, atEnd, follow } = useFollowing(scroller);
  const isReady = useReady(caughtUp);
  const shown = isReady ? rows : none;
  // oxlint-disable-next-line react/incompatible-library -- no compiler memoizes this
  const list = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimates[shown[index]?.type ?? "action"],
    getItemKey: useCallback((index: number) => shown[index]?.key ?? index, [shown]),
    overscan: 6,
    gap: 6,
    paddingStart: 16,
    paddingEnd: 24,
    anchorTo: following ? "end" : "start",
    followOnAppend: following,
    scrollEndThreshold: endThreshold,
  });

  const toEnd = useCallback(() => {
    follow();
    list.scrollToEnd();
  }, [list, follow]);
  // Scrolls to the event in the URL, or initially to the end.
  const scrolledTo = useRef<number | "end">(undefined);
  useLayoutEffect(() => {
    if (shown.length === 0 || scrolledTo.current === (event ?? "end")) return;
    const first = scrolledTo.current === undefined;
    scrolledTo.current = event ?? "end";
    if (event !== undefined) list.scrollToIndex(Math.max(0, rowOfEvent(shown, event)), { align: "center" });
    else if (first) list.scrollToEnd();
  }, [event, shown, list]);

  useCommands(
    useMemo(
      () => [
        {
          id: "next-item",
          group: "conversation",
          label: (messages) => messages.timeline.nextItem,
          keys: ["j"],
          unlisted: true,
          run: () => focusRow(1),
        },
        {
          id: "previous-item",
          group: "conversation",
          label: (messages) => messages.timeline.previousItem,
          keys: ["k"],
          unlisted: true,
          run: () => focusRow(-1),
        },
        {
          id: "to-end",
          group: "conversation",
          label: (messages) => messages.timeline.scrollToEnd,
          keys: ["e"],
          run: toEnd,
        },
      ],
      [toEnd],
    ),
  );

  const target = event === undefined ? -1 : rowOfEvent(shown, event);
  return (
    <div className="relative min-h-0 flex-1">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- allows keyboard users to scroll */}
      <div
        ref={scroller}
        className="h-full overflow-y-auto [overflow-anchor:none] outline-offset-[-2px]"
        tabIndex={0}
        role="region"
        aria-label={t.app.conversation}
        onKeyDown={scrollWithKeys}
      >
        {!isReady && <Skeleton lines={6} />}
        <div
          role="log"
          aria-live="off"
          aria-busy={!caughtUp}
          className="relative mx-auto max-w-[46rem]"
          style={{ height: list.getTotalSize() }}
        >
          {list.getVirtualItems().map(({ index, key, start }) => {
            const row = shown[index];
            if (row === undefined) return null;
            const id = eventOf(row);
            const isOpen = row.type === "action" && row.observation === undefined;
            return (
              <div
                key={key}
                ref={list.measureElement}
                data-index={index}
                id={id === undefined ? undefined : `e${id}`}
                className={`absolute inset-x-0 top-0 px-4 ${index === target ? "arrived rounded-lg" : ""}`}
                style={{ transform: `translateY(${start}px)` }}
              >
                <RowView
                  row={row}
                  live={isOpen ? streaming.get(row.id) : undefined}
                  waiting={isOpen && state.awaiting?.id === row.id}
                  child={isDelegate(row) ? state.children.find(({ action }) => action === row.id) : undefined}
                  files={row.type === "result" ? state.fileChanges : noFiles}
                />
              </div>
            );
          })}
        </div>
      </div>
      {!atEnd && (
        <Button
          icon={ArrowDownIcon}
          size="small"
          className="absolute! bottom-3 left-1/2 -translate-x-1/2 rounded-full! shadow-pop!"
          onClick={toEnd}
        >
          {t.timeline.scrollToEnd}
        </Button>
      )}
    </div>
  );
}

const none: readonly Row[] = [];
/** Rows that do not depend on files do not render again when files change. */
const noFiles = emptyState.fileChanges;

function isDelegate(row: Row): row is ItemOf<"action"> {
  return row.type === "action" && row.action.action === "delegate";
}

/** Estimated heights in pixels, used until a row is measured. */
const estimates: Readonly<Record<Row["type"], number>> = {
  user: 64,
  queued: 84,
  unsent: 84,
  message: 90,
  reasoning: 30,
  streaming: 60,
  result: 80,
  action: 34,
  "turn-end": 28,
  note: 36,
};

/** True once the log is complete, so that it does not render piece by piece, or after a delay. */
function useReady(caughtUp: boolean): boolean {
  const [ready, setReady] = useState(caughtUp);
  if (caughtUp && !ready) setReady(true);
  useEffect(() => {
    if (ready) return;
    const timer = setTimeout(() => setReady(true), 2_500);
    return () => clearTimeout(timer);
  }, [ready]);
  return ready;
}
