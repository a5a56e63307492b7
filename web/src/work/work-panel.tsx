import { lazy, Suspense } from "react";
import { XIcon } from "@primer/octicons-react";
import type { ViewState } from "@deckhand/client";
import { conversationUrl, navigate } from "../urls.ts";
import { ErrorBoundary } from "../shell/error-boundary.tsx";
import { setPreferences } from "../shell/preferences.ts";
import { IconButton } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { visibleTabs } from "./tabs.tsx";

const PastFiles = lazy(async () => ({ default: (await import("../history/history-files.tsx")).HistoryFiles }));

interface WorkPanelProps {
  readonly conversation: string;
  readonly snapshot: ViewState;
  /** The tab in the URL; the first visible one if undefined. */
  readonly tab: string | undefined;
  /** The event whose state is viewed; undefined for the latest. */
  readonly at?: number | undefined;
}

/** The work panel: changes, files, terminals and the other tabs. */
export function WorkPanel({ conversation, snapshot, tab, at }: WorkPanelProps) {
  const t = useMessages();
  const tabs = visibleTabs(snapshot);
  const chosen = tabs.find(({ id }) => id === tab) ?? tabs[0];
  if (chosen === undefined) return null;
  const Tab = chosen.component;
  return (
    <Tabs
      label={t.app.workPanel}
      value={chosen.id}
      tabs={tabs.map(({ id, icon, label, count }) => ({ id, icon, label: label(t), count: count?.(snapshot) }))}
      onChange={(id) => {
        const query = at === undefined ? {} : { at: String(at) };
        navigate(conversationUrl(conversation, { tab: id, query }), { replace: true });
      }}
      extra={
        <IconButton
          icon={XIcon}
          label={t.app.collapsePanel}
          keys="mod+j"
          size="small"
          className="max-md:hidden"
          onClick={() => setPreferences({ workOpen: false })}
        />
      }
    >
      <ErrorBoundary key={chosen.id}>
        <Suspense fallback={<Skeleton />}>
          {at !== undefined && chosen.id === "files" ? (
            <PastFiles conversation={conversation} at={at} />
          ) : (
            <Tab conversation={conversation} snapshot={snapshot} at={at} />
          )}
        </Suspense>
      </ErrorBoundary>
    </Tabs>
  );
}
