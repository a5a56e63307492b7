import { useState, type MouseEvent } from "react";
import type { ConversationRow } from "@deckhand/client";
import { addressOf, go } from "../address.ts";
import { Connection } from "../connection/connection.tsx";
import { stateDot, stateWords } from "../now/words.ts";
import { ImportButton } from "./import-button.tsx";
import { RowDialog } from "./row-dialog.tsx";
import type { ConversationList } from "./use-conversations.ts";

interface SidebarProps {
  readonly list: ConversationList;
  readonly current: string | undefined;
  /** On a narrow screen it lies over the page when open. */
  readonly open: boolean;
  readonly onClose: () => void;
}

export function Sidebar({ list, current, open, onClose }: SidebarProps) {
  const [chosen, setChosen] = useState<ConversationRow>();
  const place = open ? "fixed inset-y-0 left-0 z-20 flex shadow-xl" : "hidden";
  return (
    <>
      {open && <button type="button" aria-label="Close" className="fixed inset-0 z-10 bg-black/40" onClick={onClose} />}
      <nav
        aria-label="Conversations"
        className={`${place} w-64 shrink-0 flex-col border-r border-line bg-panel md:static md:flex md:shadow-none`}
      >
        <div className="flex items-center justify-between gap-2 px-4 pt-4 pb-3">
          <Link to={undefined} onFollow={onClose} className="text-lg font-semibold tracking-tight">
            Deckhand
          </Link>
          <Link to={undefined} onFollow={onClose} className="button">
            New task
          </Link>
        </div>
        <input
          type="search"
          aria-label="Search"
          placeholder="Search titles and text"
          value={list.query}
          maxLength={200}
          onChange={(event) => list.search(event.target.value)}
          className="mx-4 mb-3 rounded-lg border border-line bg-page px-2.5 py-1 text-sm"
        />
        <ul className="min-h-0 flex-1 overflow-y-auto px-2">
          {list.rows.map((row) => (
            <li key={row.id} className="group relative">
              <Link
                to={row.id}
                onFollow={onClose}
                current={row.id === current}
                className={`block rounded-lg py-1.5 pr-9 pl-2.5 ${row.id === current ? "bg-raised" : "hover:bg-raised/60"}`}
              >
                <span className="block truncate text-sm font-medium">{row.title || "Untitled"}</span>
                <span className="flex items-center gap-1.5 text-xs text-muted">
                  <span aria-hidden="true" className={`size-1.5 rounded-full ${stateDot(row.agent_state)}`} />
                  {stateWords(row.agent_state)}
                </span>
              </Link>
              <button
                type="button"
                aria-haspopup="dialog"
                aria-label={`Options of ${row.title || "Untitled"}`}
                onClick={() => setChosen(row)}
                className="absolute top-1.5 right-1 rounded-md px-2 text-muted opacity-60 hover:bg-line hover:opacity-100 focus-visible:opacity-100"
              >
                <span aria-hidden="true">⋯</span>
              </button>
            </li>
          ))}
          {list.loaded && list.rows.length === 0 && (
            <li className="px-2.5 py-2 text-sm text-muted">
              {list.query.trim() === "" ? "No tasks yet." : "Nothing is found."}
            </li>
          )}
          {list.hasMore && (
            <li className="p-2">
              <button type="button" className="button w-full" onClick={list.showMore}>
                Show more
              </button>
            </li>
          )}
        </ul>
        <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-3">
          <Connection />
          <ImportButton onImported={list.reload} />
        </div>
      </nav>
      {chosen !== undefined && (
        <RowDialog
          row={chosen}
          onClose={() => setChosen(undefined)}
          onChange={list.reload}
          onDeleted={() => {
            if (chosen.id === current) go(undefined);
          }}
        />
      )}
    </>
  );
}

interface LinkProps {
  readonly to: string | undefined;
  readonly onFollow: () => void;
  readonly current?: boolean;
  readonly className: string;
  readonly children: React.ReactNode;
}

/** A real link, so that it can be opened in a new tab; a plain click stays on the page. */
function Link({ to, onFollow, current = false, className, children }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
    onFollow();
  };
  return (
    <a href={addressOf(to)} aria-current={current ? "page" : undefined} className={className} onClick={follow}>
      {children}
    </a>
  );
}
