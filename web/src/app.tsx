import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { Health } from "@deckhand/client";
import { useRoute, type Route } from "./urls.ts";
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
  const route = useRoute();
  const t = useMessages();
  const { health, reload: reloadHealth } = useHealth();
  const list = useConversations();
  const pane = usePane();
  const { sidebarOpen } = usePreferences();
  const [overlay, setOverlay] = useState<"palette" | "keys">();
  const close = useCallback(() => setOverlay(undefined), []);
  useCommands(useMemo(() => appCommands(setOverlay), []));
  useEffect(() => bindKeys(window), []);

  const title = titleOf(route, list, t);
  useNotifications(title);

  return (
    <div className="flex h-dvh flex-col">
      <div className="flex min-h-0 flex-1">
        <div
          className={`${pane === "list" ? "max-md:flex max-md:flex-1" : "max-md:hidden"} ${sidebarOpen ? "flex" : "md:hidden"}`}
        >
          <Sidebar list={list} route={route} />
        </div>
        <div className={`flex min-w-0 flex-1 flex-col ${pane === "list" ? "max-md:hidden" : ""}`}>
          <OfflineBanner />
          <ServerBanners health={health} />
          <ErrorBoundary key={route.page}>
            <Suspense fallback={<Skeleton />}>
              <Page route={route} list={list} title={title} health={health} onModelSaved={reloadHealth} />
            </Suspense>
          </ErrorBoundary>
        </div>
      </div>
      <PhoneBar />
      <Suspense fallback={null}>
        {overlay === "palette" && <Palette onClose={close} conversations={list.rows} />}
        {overlay === "keys" && <KeysDialog onClose={close} />}
      </Suspense>
    </div>
  );
}

interface PageProps {
  readonly route: Route;
  readonly list: ConversationList;
  readonly title: string;
  readonly health: Health | undefined;
  readonly onModelSaved: () => void;
}

function Page({ route, list, title, health, onModelSaved }: PageProps) {
  switch (route.page) {
    case "new-task":
      return <NewTaskPage health={health} onModelSaved={onModelSaved} onCreated={list.reload} />;
    case "conversation":
      return <Conversation key={route.id} route={route} title={title} onChange={list.reload} />;
    case "inbox":
      return <InboxPage />;
    case "board":
      return <BoardPage list={list} />;
    case "settings":
      return <SettingsPage section={route.section} />;
  }
}

function titleOf(route: Route, list: ConversationList, t: ReturnType<typeof useMessages>): string {
  switch (route.page) {
    case "new-task":
      return "";
    case "conversation":
      return list.titleOf(route.id);
    case "inbox":
    case "board":
    case "settings":
      return t.app[route.page];
  }
}
