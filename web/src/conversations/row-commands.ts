import { useMemo } from "react";
import type { ConversationRow } from "@deckhand/client";
import { conversationUrl, navigate } from "../urls.ts";
import { client } from "../server.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { toastFailure } from "../ui/toast.tsx";

/** What wants a word or a second question. */
export interface RowDialogRequest {
  readonly row: ConversationRow;
  readonly what: "rename" | "delete";
}

/** What the menu of a row does, for the conversation that is open: by a few letters of its name. */
export function useRowCommands(row: ConversationRow | undefined, ask: (asked: RowDialogRequest) => void): void {
  useCommands(useMemo(() => (row === undefined ? [] : commandsFor(row, ask)), [row, ask]));
}

function commandsFor(row: ConversationRow, ask: (asked: RowDialogRequest) => void): readonly Command[] {
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
      run: () => ask({ row, what: "rename" }),
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
      run: () => void client.fork(id).then((made) => navigate(conversationUrl(made.id)), toastFailure),
    },
    {
      id: "row-delete",
      group: "conversation",
      label: (t) => t.conversations.delete,
      run: () => ask({ row, what: "delete" }),
    },
  ];
}
