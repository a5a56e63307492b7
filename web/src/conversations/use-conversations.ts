import { useMemo, useSyncExternalStore } from "react";
import type { ConversationRow } from "@deckhand/client";
import { listStore } from "./list-store.ts";
import { sortRows, type ListView } from "./rows.ts";

export interface ConversationList {
  /** In the order of the list. */
  readonly rows: readonly ConversationRow[];
  /** False until the first response. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  /** The search text; empty for all. */
  readonly query: string;
  readonly archived: boolean;
  readonly show: (view: Partial<ListView>) => void;
  /** The title of any conversation seen so far, including those not in the current view. */
  readonly titleOf: (conversation: string | undefined) => string;
  readonly reload: () => void;
  readonly showMore: () => void;
}

export function useConversations(): ConversationList {
  const { rows, loaded, hasMore, view } = useSyncExternalStore(listStore.subscribe, listStore.snapshot);
  return useMemo(
    () => ({
      rows: sortRows(rows),
      loaded,
      hasMore,
      ...view,
      show: (next) => listStore.show(next),
      titleOf: (id) => (id === undefined ? "" : listStore.titleOf(id)),
      reload: listStore.reload,
      showMore: () => listStore.showMore(),
    }),
    [rows, loaded, hasMore, view],
  );
}
