import { lazy, Suspense } from "react";
import { XIcon } from "@primer/octicons-react";
import type { ViewSnapshot } from "@deckhand/client";
import { conversationAddress, go } from "../address.ts";
import { Boundary } from "../shell/boundary.tsx";
import { prefer } from "../shell/preferences.ts";
import { IconButton } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { visibleTabs } from "./tabs.tsx";

const PastFiles = lazy(async () => ({ default: (await import("../time/past-files.tsx")).PastFiles }));

interface WorkPanelProps {
  readonly conversation: string;
  readonly snapshot: ViewSnapshot;
  /** As the address names it; the first that is there otherwise. */
  readonly tab: string | undefined;
  /** The event at which one looks; undefined for now. */
  readonly at?: number | undefined;
}

/** What the work has come to: a tab for each side of it. */
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
        go(conversationAddress(conversation, { tab: id, query }), { replace: true });
      }}
      extra={
        <IconButton
          icon={XIcon}
          label={t.app.collapsePanel}
          keys="mod+j"
          size="small"
          className="max-md:hidden"
          onClick={() => prefer({ workOpen: false })}
        />
      }
    >
      <Boundary key={chosen.id}>
        <Suspense fallback={<Skeleton />}>
          {at !== undefined && chosen.id === "files" ? (
            <PastFiles conversation={conversation} at={at} />
          ) : (
            <Tab conversation={conversation} snapshot={snapshot} at={at} />
          )}
        </Suspense>
      </Boundary>
    </Tabs>
  );
}
