import { useMemo, useState } from "react";
import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog as Base } from "@base-ui/react/dialog";
import type { ConversationRow } from "@deckhand/client";
import { conversationUrl, navigate } from "../urls.ts";
import { Kbd } from "../ui/kbd.tsx";
import { useMessages } from "../i18n/i18n.ts";
import type { Messages } from "../i18n/messages.ts";
import { useAvailableCommands, type Command } from "./commands.ts";

interface PaletteProps {
  readonly onClose: () => void;
  readonly conversations: readonly ConversationRow[];
}

interface Entry {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly keys: string | undefined;
  readonly run: () => void;
}

/** Finds commands and conversations by a few letters of their names. */
export function Palette({ onClose, conversations }: PaletteProps) {
  const t = useMessages();
  const commands = useAvailableCommands();
  const [query, setQuery] = useState("");
  const entries = useMemo(() => entriesOf(commands, conversations, t), [commands, conversations, t]);
  const found = useMemo(() => search(entries, query), [entries, query]);
  const choose = (entry: Entry): void => {
    onClose();
    // Runs after the dialog has restored the focus, since the command may move it.
    setTimeout(entry.run, 0);
  };
  return (
    <Base.Root open onOpenChange={(open) => open || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/25" />
        <Base.Popup
          aria-label={t.app.commands}
          className="fade fixed top-[12dvh] left-1/2 z-40 w-[min(38rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-xl bg-panel shadow-pop"
        >
          <Autocomplete.Root
            inline
            open
            items={found}
            value={query}
            filter={null}
            autoHighlight="always"
            itemToStringValue={(entry: Entry) => entry.label}
            onValueChange={(value, { reason }) => reason === "item-press" || setQuery(value)}
          >
            <Autocomplete.Input
              aria-label={t.app.commands}
              placeholder={t.app.commandsPlaceholder}
              className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-muted"
            />
            <Autocomplete.Empty className="px-4 text-sm text-muted not-empty:py-6">
              {t.app.noCommands}
            </Autocomplete.Empty>
            <Autocomplete.List className="max-h-[min(24rem,60dvh)] overflow-y-auto p-1.5 empty:p-0">
              {(entry: Entry) => (
                <Autocomplete.Item
                  key={entry.id}
                  value={entry}
                  onClick={() => choose(entry)}
                  className="flex items-center gap-3 rounded-md px-2.5 py-1.5 text-sm outline-none data-highlighted:bg-raised"
                >
                  <span className="w-24 shrink-0 truncate text-xs text-muted">{entry.group}</span>
                  <span className="min-w-0 flex-1 truncate">{entry.label}</span>
                  {entry.keys !== undefined && <Kbd keys={entry.keys} />}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

function entriesOf(
  commands: readonly Command[],
  conversations: readonly ConversationRow[],
  t: Messages,
): readonly Entry[] {
  return [
    ...commands
      .filter(({ unlisted = false }) => !unlisted)
      .map(({ id, group, label, keys, run }) => ({
        id,
        group: t.app.commandGroups[group],
        label: label(t),
        keys: keys?.[0],
        run,
      })),
    ...conversations.map(({ id, title }) => ({
      id: `conversation ${id}`,
      group: t.app.conversation,
      label: title || t.common.untitled,
      keys: undefined,
      run: () => navigate(conversationUrl(id)),
    })),
  ];
}

/** Entries whose group or label contains every word of the query. */
function search(entries: readonly Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ label, group }) => {
    const text = `${group} ${label}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
