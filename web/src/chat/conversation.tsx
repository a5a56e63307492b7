import { useCallback, useEffect, useMemo, useState } from "react";
import type { ViewState } from "@deckhand/client";
import { useConversationView } from "../server.ts";
import type { Route } from "../urls.ts";
import { isActive } from "../status-bar/activity.ts";
import { PageHeader } from "../shell/page-frame.tsx";
import { usePane } from "../shell/panes.ts";
import { HistoryBar } from "../history/history-bar.tsx";
import { useHistory } from "../history/use-history.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { WorkAside } from "../work/work-aside.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { Announcer } from "./announcer.tsx";
import { ConversationHeader } from "./conversation-header.tsx";
import { LiveFooter } from "./live-footer.tsx";
import { Timeline } from "./timeline/timeline.tsx";
import { useUnsent, type Unsent } from "./use-unsent.ts";
import { ItemFold } from "./items/item-fold.ts";
import { rowsOf, type Row } from "./items/rows.ts";

interface ConversationProps {
  readonly route: Extract<Route, { page: "conversation" }>;
  readonly title: string;
  /** Called when something changes that the conversation list shows. */
  readonly onChange: () => void;
}

export function Conversation({ route, title, onChange }: ConversationProps) {
  const { id } = route;
  const t = useMessages();
  const pane = usePane();
  const snapshot = useConversationView(id);
  const { state, refused, events } = snapshot;
  const unsent = useUnsent(id, events);
  const { at, settled, shown, goTo } = useHistory(route, snapshot);
  const isHistory = at !== undefined;
  const rows = useRows(shown, isHistory ? none : unsent.messages);
  useEffect(onChange, [onChange, state.agentState, state.title]);
  const last = events.length - 1;
  const toggleHistory = useCallback(() => goTo(isHistory ? undefined : last), [goTo, isHistory, last]);

  if (refused !== undefined) {
    return (
      <main className="flex flex-1 flex-col">
        <PageHeader title={title || t.common.untitled} />
        <EmptyState title={refused.message} />
      </main>
    );
  }
  return (
    <div className="flex min-h-0 flex-1">
      <main className={`flex min-w-0 flex-1 flex-col ${pane === "work" ? "max-md:hidden" : ""}`}>
        <ConversationHeader
          title={title || state.title || t.common.untitled}
          isHistory={isHistory}
          onToggleHistory={last < 0 ? undefined : toggleHistory}
        />
        <Timeline snapshot={shown} rows={rows} event={route.event} />
        <div className="mx-auto w-full max-w-[46rem] px-4 pb-3 max-md:px-3 max-md:pb-2">
          {isHistory ? (
            <HistoryBar conversation={id} events={events} at={at} state={shown.state} onGo={goTo} />
          ) : (
            <LiveFooter conversation={id} snapshot={snapshot} onSend={unsent.send} />
          )}
        </div>
        <Announcer rows={rows} working={!isHistory && isActive(state.agentState)} />
      </main>
      <WorkAside conversation={id} snapshot={shown} tab={route.tab} at={settled} />
    </div>
  );
}

const none: readonly never[] = [];

/** Reads only events that are new in the log, however long it is. */
function useRows(snapshot: ViewState, unsent: readonly Unsent[]): readonly Row[] {
  const [fold] = useState(() => new ItemFold());
  // Reading the same events twice changes nothing, so this is safe during rendering.
  const items = fold.read(snapshot.events);
  const { steps } = fold;
  const { streaming, state, caughtUp } = snapshot;
  return useMemo(
    () => rowsOf(items, steps, { streaming, state, caughtUp }, unsent),
    [items, steps, streaming, state, caughtUp, unsent],
  );
}
