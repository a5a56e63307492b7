import { useMemo, useSyncExternalStore } from "react";
import type { ConversationRow } from "@deckhand/client";
import { listStore } from "./list-store.ts";
import { sortRows, type ListView } from "./rows.ts";

export interface ConversationList {
  /** As they stand in the list. */
  readonly rows: readonly ConversationRow[];
  /** False until the first answer. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  /** Only these are listed; empty for all. */
  readonly query: string;
  readonly archived: boolean;
  readonly show: (view: Partial<ListView>) => void;
  /** Of any that was listed before, whatever is searched for now. */
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
