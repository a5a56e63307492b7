import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { Health } from "@deckhand/client";
import { useRoute, type Place } from "./urls.ts";
import { ServerBanners } from "./shell/server-banners.tsx";
import { OfflineBanner } from "./connection/offline-banner.tsx";
import { Conversation } from "./chat/conversation.tsx";
import { Sidebar } from "./conversations/sidebar.tsx";
import { useConversations, type ConversationList } from "./conversations/use-conversations.ts";
import { useNotifications } from "./inbox/use-notifications.ts";
import { useHealth } from "./server.ts";
import { ErrorBoundary } from "./shell/error-boundary.tsx";
import { bindKeys, useCommands } from "./shell/commands.ts";
import { usePane } from "./shell/panes.ts";
import { PhoneBar } from "./shell/phone-bar.tsx";
import { usePreferences } from "./shell/preferences.ts";
import { appCommands } from "./shell/app-commands.ts";
import { Skeleton } from "./ui/skeleton.tsx";
import { NewTaskPage } from "./new-task/new-task-page.tsx";
import { useMessages } from "./i18n/i18n.ts";

const Palette = lazy(async () => ({ default: (await import("./shell/palette.tsx")).Palette }));
const KeysDialog = lazy(async () => ({ default: (await import("./shell/shortcuts-dialog.tsx")).ShortcutsDialog }));
const InboxPage = lazy(async () => ({ default: (await import("./inbox/inbox-page.tsx")).InboxPage }));
const BoardPage = lazy(async () => ({ default: (await import("./board/board-page.tsx")).BoardPage }));
const SettingsPage = lazy(async () => ({ default: (await import("./settings/settings-page.tsx")).SettingsPage }));

export function App() {
  const place = useRoute();
  const t = useMessages();
  const { health, look } = useHealth();
  const list = useConversations();
  const pane = usePane();
  const { sidebarOpen } = usePreferences();
  const [shown, setShown] = useState<"palette" | "keys">();
  const close = useCallback(() => setShown(undefined), []);
  useCommands(useMemo(() => appCommands(setShown), []));
  useEffect(() => bindKeys(window), []);

  const title = titleOf(place, list, t);
  useNotifications(title);

  return (
    <div className="flex h-dvh flex-col">
      <div className="flex min-h-0 flex-1">
        <div
          className={`${pane === "list" ? "max-md:flex max-md:flex-1" : "max-md:hidden"} ${sidebarOpen ? "flex" : "md:hidden"}`}
        >
          <Sidebar list={list} place={place} />
        </div>
        <div className={`flex min-w-0 flex-1 flex-col ${pane === "list" ? "max-md:hidden" : ""}`}>
          <OfflineBanner />
          <ServerBanners health={health} />
          <ErrorBoundary key={place.page}>
            <Suspense fallback={<Skeleton />}>
              <Page place={place} list={list} title={title} health={health} onModel={look} />
            </Suspense>
          </ErrorBoundary>
        </div>
      </div>
      <PhoneBar />
      <Suspense fallback={null}>
        {shown === "palette" && <Palette onClose={close} conversations={list.rows} />}
        {shown === "keys" && <KeysDialog onClose={close} />}
      </Suspense>
    </div>
  );
}

interface PageProps {
  readonly place: Place;
  readonly list: ConversationList;
  readonly title: string;
  readonly health: Health | undefined;
  readonly onModel: () => void;
}

function Page({ place, list, title, health, onModel }: PageProps) {
  switch (place.page) {
    case "welcome":
      return <NewTaskPage health={health} onModel={onModel} onCreated={list.reload} />;
    case "conversation":
      return <Conversation key={place.id} place={place} title={title} onChange={list.reload} />;
    case "inbox":
      return <InboxPage />;
    case "board":
      return <BoardPage list={list} />;
    case "settings":
      return <SettingsPage section={place.section} />;
  }
}

function titleOf(place: Place, list: ConversationList, t: ReturnType<typeof useMessages>): string {
  switch (place.page) {
    case "welcome":
      return "";
    case "conversation":
      return list.titleOf(place.id);
    case "inbox":
    case "board":
    case "settings":
      return t.app[place.page];
  }
}
