import { useCallback, useEffect } from "react";
import type { Place } from "../urls.ts";
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
import { useUnsent } from "./use-unsent.ts";
import { useRows } from "./timeline/use-rows.ts";
import { useView } from "./use-view.ts";

interface ConversationProps {
  readonly place: Extract<Place, { page: "conversation" }>;
  readonly title: string;
  /** Something changed that the list of conversations shows. */
  readonly onChange: () => void;
}

export function Conversation({ place, title, onChange }: ConversationProps) {
  const { id } = place;
  const t = useMessages();
  const pane = usePane();
  const snapshot = useView(id);
  const { state, refused, events } = snapshot;
  const unsent = useUnsent(id, events);
  const { at, settled, shown, goTo } = useHistory(place, snapshot);
  const isPast = at !== undefined;
  const rows = useRows(shown, isPast ? none : unsent.messages);
  useEffect(onChange, [onChange, state.agentState, state.title]);
  const last = events.length - 1;
  const turnTime = useCallback(() => goTo(isPast ? undefined : last), [goTo, isPast, last]);

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
          isHistory={isPast}
          onToggleHistory={last < 0 ? undefined : turnTime}
        />
        <Timeline snapshot={shown} rows={rows} event={place.event} />
        <div className="mx-auto w-full max-w-[46rem] px-4 pb-3 max-md:px-3 max-md:pb-2">
          {isPast ? (
            <HistoryBar conversation={id} events={events} at={at} state={shown.state} onGo={goTo} />
          ) : (
            <LiveFooter conversation={id} snapshot={snapshot} onSend={unsent.send} />
          )}
        </div>
        <Announcer rows={rows} working={!isPast && isActive(state.agentState)} />
      </main>
      <WorkAside conversation={id} snapshot={shown} tab={place.tab} at={settled} />
    </div>
  );
}

const none: readonly never[] = [];
