import { useMemo } from "react";
import type { ConversationRow } from "@deckhand/client";
import { conversationUrl, navigate } from "../urls.ts";
import { client } from "../server.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { toastFailure } from "../ui/toast.tsx";

/** A command that opens a dialog. */
export interface RowDialogRequest {
  readonly row: ConversationRow;
  readonly what: "rename" | "delete";
}

/** The actions of the row menu as commands for the open conversation. */
export function useRowCommands(
  row: ConversationRow | undefined,
  openDialog: (request: RowDialogRequest) => void,
): void {
  useCommands(useMemo(() => (row === undefined ? [] : commandsFor(row, openDialog)), [row, openDialog]));
}

function commandsFor(row: ConversationRow, openDialog: (request: RowDialogRequest) => void): readonly Command[] {
  const { id, pinned, archived } = row;
  const change = (changes: Parameters<typeof client.change>[1]): void => {
    client.change(id, changes).catch(toastFailure);
  };
  return [
    {
      id: "row-pin",
      group: "conversation",
      label: (t) => (pinned ? t.conversations.unpin : t.conversations.pin),
      run: () => change({ pinned: !pinned }),
    },
    {
      id: "row-rename",
      group: "conversation",
      label: (t) => t.conversations.rename,
      run: () => openDialog({ row, what: "rename" }),
    },
    {
      id: "row-archive",
      group: "conversation",
      label: (t) => (archived ? t.conversations.unarchive : t.conversations.archive),
      run: () => change({ archived: !archived }),
    },
    {
      id: "row-fork",
      group: "conversation",
      label: (t) => t.conversations.fork,
      run: () => void client.fork(id).then((fork) => navigate(conversationUrl(fork.id)), toastFailure),
    },
    {
      id: "row-delete",
      group: "conversation",
      label: (t) => t.conversations.delete,
      run: () => openDialog({ row, what: "delete" }),
    },
  ];
}
