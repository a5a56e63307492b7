import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { Health } from "@deckhand/client";
import { usePlace, type Place } from "./address.ts";
import { Banners } from "./banners/banners.tsx";
import { Away } from "./connection/away.tsx";
import { Conversation } from "./chat/conversation.tsx";
import { Sidebar } from "./conversations/sidebar.tsx";
import { useConversations, type ConversationList } from "./conversations/use-conversations.ts";
import { useNotify } from "./notify/notify.tsx";
import { useHealth } from "./server.ts";
import { Boundary } from "./shell/boundary.tsx";
import { bindKeys, useCommands } from "./shell/commands.ts";
import { usePane } from "./shell/panes.ts";
import { PhoneBar } from "./shell/phone-bar.tsx";
import { usePreferences } from "./shell/preferences.ts";
import { shellCommands } from "./shell/shell-commands.ts";
import { Skeleton } from "./ui/skeleton.tsx";
import { Welcome } from "./welcome/welcome.tsx";
import { useMessages } from "./i18n/i18n.ts";

const Palette = lazy(async () => ({ default: (await import("./shell/palette.tsx")).Palette }));
const KeysDialog = lazy(async () => ({ default: (await import("./shell/keys-dialog.tsx")).KeysDialog }));
const InboxPage = lazy(async () => ({ default: (await import("./inbox/inbox-page.tsx")).InboxPage }));
const BoardPage = lazy(async () => ({ default: (await import("./board/board-page.tsx")).BoardPage }));
const SettingsPage = lazy(async () => ({ default: (await import("./settings/settings-page.tsx")).SettingsPage }));

export function App() {
  const place = usePlace();
  const t = useMessages();
  const { health, look } = useHealth();
  const list = useConversations();
  const pane = usePane();
  const { sidebarOpen } = usePreferences();
  const [shown, setShown] = useState<"palette" | "keys">();
  const close = useCallback(() => setShown(undefined), []);
  useCommands(useMemo(() => shellCommands(setShown), []));
  useEffect(() => bindKeys(window), []);

  const title = titleOf(place, list, t);
  useNotify(title);

  return (
    <div className="flex h-dvh flex-col">
      <div className="flex min-h-0 flex-1">
        <div
          className={`${pane === "list" ? "max-md:flex max-md:flex-1" : "max-md:hidden"} ${sidebarOpen ? "flex" : "md:hidden"}`}
        >
          <Sidebar list={list} place={place} />
        </div>
        <div className={`flex min-w-0 flex-1 flex-col ${pane === "list" ? "max-md:hidden" : ""}`}>
          <Away />
          <Banners health={health} />
          <Boundary key={place.page}>
            <Suspense fallback={<Skeleton />}>
              <Page place={place} list={list} title={title} health={health} onModel={look} />
            </Suspense>
          </Boundary>
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
      return <Welcome health={health} onModel={onModel} onCreated={list.reload} />;
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
