import { useState, type ReactNode } from "react";
import { ArchiveIcon, GearIcon, InboxIcon, PlusIcon, ProjectIcon, SearchIcon, type Icon } from "@primer/octicons-react";
import { boardUrl, navigate, homeUrl, inboxUrl, settingsUrl, type Route } from "../urls.ts";
import { ConnectionIndicator } from "../connection/connection-indicator.tsx";
import { useInbox } from "../inbox/inbox-store.ts";
import { Link } from "../shell/link.tsx";
import { CollapseSidebarButton } from "../shell/page-frame.tsx";
import { IconButton } from "../ui/button.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { ImportButton } from "./import-button.tsx";
import { RowDialog } from "./row-dialog.tsx";
import { RowList } from "./row-list.tsx";
import { useRowCommands, type RowDialogRequest } from "./row-commands.ts";
import { useMarkSeen } from "./use-mark-seen.ts";
import type { ConversationList } from "./use-conversations.ts";

interface SidebarProps {
  readonly list: ConversationList;
  readonly route: Route;
}

export function Sidebar({ list, route }: SidebarProps) {
  const t = useMessages();
  const { count, items } = useInbox();
  const [dialog, setDialog] = useState<RowDialogRequest>();
  const current = route.page === "conversation" ? route.id : undefined;
  const open = list.rows.find(({ id }) => id === current);
  // Archived and old conversations are not in the list, but in the inbox if they wait for the user.
  useMarkSeen(open ?? items.find(({ id }) => id === current));
  useRowCommands(open, setDialog);
  return (
    <>
      <nav
        aria-label={t.app.conversations}
        className="flex w-66 min-w-0 shrink-0 flex-col border-r border-line bg-side max-md:w-full max-md:border-r-0"
      >
        <div className="flex h-11 items-center justify-between gap-2 pr-2 pl-4">
          <Link href={homeUrl()} className="flex items-center gap-2 text-sm font-semibold tracking-tight">
            <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" className="size-5" />
            {t.common.appName}
          </Link>
          <CollapseSidebarButton />
        </div>
        <div className="flex flex-col gap-px px-2 pb-2">
          <Entry href={homeUrl()} icon={PlusIcon} current={route.page === "new-task"}>
            {t.app.newTask}
          </Entry>
          <Entry href={inboxUrl()} icon={InboxIcon} current={route.page === "inbox"}>
            {t.app.inbox}
            {count > 0 && (
              <span className="ml-auto rounded-full bg-warn-soft px-1.5 text-2xs font-semibold text-warn tabular-nums">
                {count}
              </span>
            )}
          </Entry>
          <Entry href={boardUrl()} icon={ProjectIcon} current={route.page === "board"}>
            {t.app.board}
          </Entry>
        </div>
        <div className="flex items-center gap-1 px-2 pb-2">
          <TextField
            className="flex-1"
            type="search"
            label={t.conversations.search}
            placeholder={t.conversations.searchPlaceholder}
            value={list.query}
            maxLength={200}
            icon={<SearchIcon size={14} />}
            onChange={(query) => list.show({ query })}
          />
          <IconButton
            icon={ArchiveIcon}
            label={list.archived ? t.conversations.leaveArchive : t.conversations.showArchived}
            aria-pressed={list.archived}
            onClick={() => list.show({ archived: !list.archived })}
          />
        </div>
        {list.archived && list.query === "" && <p className="label-small px-4 pb-1">{t.conversations.archived}</p>}
        <RowList
          list={list}
          current={current}
          onRename={(row) => setDialog({ row, what: "rename" })}
          onDelete={(row) => setDialog({ row, what: "delete" })}
        />
        <div className="flex flex-col gap-1 border-t border-line px-2 py-2">
          <div className="flex flex-wrap items-center justify-between gap-2">
            <span className="flex-1">
              <Entry href={settingsUrl()} icon={GearIcon} current={route.page === "settings"}>
                {t.app.settings}
              </Entry>
            </span>
            <ImportButton onImported={list.reload} />
          </div>
          <ConnectionIndicator />
        </div>
      </nav>
      {dialog !== undefined && (
        <RowDialog
          key={dialog.row.id}
          row={dialog.row}
          what={dialog.what}
          onClose={() => setDialog(undefined)}
          onDeleted={() => {
            if (dialog.row.id === current) navigate(homeUrl());
          }}
        />
      )}
    </>
  );
}

interface EntryProps {
  readonly href: string;
  readonly icon: Icon;
  readonly current: boolean;
  readonly children: ReactNode;
}

function Entry({ href, icon: Mark, current, children }: EntryProps) {
  return (
    <Link
      href={href}
      current={current}
      className={`flex h-7.5 items-center gap-2 rounded-md px-2 text-sm font-medium ${
        current ? "bg-active text-ink" : "text-soft hover:bg-raised hover:text-ink"
      }`}
    >
      <Mark size={16} />
      {children}
    </Link>
  );
}
