import { useState } from "react";
import { GearIcon, InboxIcon, KebabHorizontalIcon, PlusIcon, ProjectIcon, SearchIcon } from "@primer/octicons-react";
import type { ConversationRow } from "@deckhand/client";
import {
  boardAddress,
  conversationAddress,
  go,
  homeAddress,
  inboxAddress,
  settingsAddress,
  type Place,
} from "../address.ts";
import { Connection } from "../connection/connection.tsx";
import { stateDot, stateWords } from "../now/words.ts";
import { Link } from "../shell/link.tsx";
import { HideSidebarButton } from "../shell/page-frame.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/text-field.tsx";
import { agoText } from "../words/amounts.ts";
import { useWords } from "../words/words.ts";
import { ImportButton } from "./import-button.tsx";
import { RowDialog } from "./row-dialog.tsx";
import type { ConversationList } from "./use-conversations.ts";

interface SidebarProps {
  readonly list: ConversationList;
  readonly place: Place;
}

const entry = "flex h-7.5 items-center gap-2 rounded-md px-2 text-sm font-medium";

export function Sidebar({ list, place }: SidebarProps) {
  const words = useWords();
  const [chosen, setChosen] = useState<ConversationRow>();
  const current = place.page === "conversation" ? place.id : undefined;
  const look = (isHere: boolean): string =>
    `${entry} ${isHere ? "bg-active text-ink" : "text-soft hover:bg-raised hover:text-ink"}`;
  return (
    <>
      <nav
        aria-label={words.shell.conversations}
        className="flex w-66 min-w-0 shrink-0 flex-col border-r border-line bg-side max-md:w-full max-md:border-r-0"
      >
        <div className="flex h-11 items-center justify-between gap-2 pr-2 pl-4">
          <Link href={homeAddress()} className="flex items-center gap-2 text-sm font-semibold tracking-tight">
            <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" className="size-5" />
            {words.shell.appName}
          </Link>
          <HideSidebarButton />
        </div>
        <div className="flex flex-col gap-px px-2 pb-2">
          <Link href={homeAddress()} current={place.page === "welcome"} className={look(place.page === "welcome")}>
            <PlusIcon size={16} />
            {words.shell.newTask}
          </Link>
          <Link href={inboxAddress()} current={place.page === "inbox"} className={look(place.page === "inbox")}>
            <InboxIcon size={16} />
            {words.shell.inbox}
          </Link>
          <Link href={boardAddress()} current={place.page === "board"} className={look(place.page === "board")}>
            <ProjectIcon size={16} />
            {words.shell.board}
          </Link>
        </div>
        <div className="px-2 pb-2">
          <TextField
            type="search"
            label={words.people.search}
            placeholder={words.people.searchHint}
            value={list.query}
            maxLength={200}
            icon={<SearchIcon size={14} />}
            onChange={list.search}
          />
        </div>
        <ul className="min-h-0 flex-1 overflow-y-auto px-2">
          {list.rows.map((row) => (
            <li key={row.id} className="group relative mb-px">
              <Link
                href={conversationAddress(row.id)}
                current={row.id === current}
                className={`block rounded-md py-1.5 pr-8 pl-2 ${row.id === current ? "bg-active" : "hover:bg-raised"}`}
              >
                <span className="flex items-center gap-2">
                  <span aria-hidden="true" className={`size-1.5 shrink-0 rounded-full ${stateDot(row.agent_state)}`} />
                  <span className="truncate text-sm font-medium">{row.title || words.shell.untitled}</span>
                </span>
                <span className="block truncate pl-3.5 text-xs text-muted">
                  {stateWords(row.agent_state)} · {agoText(row.updated_at)}
                </span>
              </Link>
              <button
                type="button"
                aria-haspopup="dialog"
                aria-label={words.people.optionsOf(row.title || words.shell.untitled)}
                onClick={() => setChosen(row)}
                className="absolute top-1.5 right-1 rounded-md p-1 text-muted opacity-0 group-hover:opacity-100 hover:bg-active hover:text-ink focus-visible:opacity-100 max-md:opacity-100"
              >
                <KebabHorizontalIcon size={14} />
              </button>
            </li>
          ))}
          {list.loaded && list.rows.length === 0 && (
            <li className="px-2 py-2 text-sm text-muted">
              {list.query.trim() === "" ? words.people.noTasks : words.people.nothingFound}
            </li>
          )}
          {list.hasMore && (
            <li className="p-2">
              <Button className="w-full" size="small" onClick={list.showMore}>
                {words.people.showMore}
              </Button>
            </li>
          )}
        </ul>
        <div className="flex flex-col gap-1 border-t border-line px-2 py-2">
          <div className="flex items-center justify-between gap-2">
            <Link
              href={settingsAddress()}
              current={place.page === "settings"}
              className={`flex-1 ${look(place.page === "settings")}`}
            >
              <GearIcon size={16} />
              {words.shell.settings}
            </Link>
            <ImportButton onImported={list.reload} />
          </div>
          <Connection />
        </div>
      </nav>
      {chosen !== undefined && (
        <RowDialog
          row={chosen}
          onClose={() => setChosen(undefined)}
          onChange={list.reload}
          onDeleted={() => {
            if (chosen.id === current) go(homeAddress());
          }}
        />
      )}
    </>
  );
}
