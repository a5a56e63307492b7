import { useMemo, useSyncExternalStore } from "react";
import type { ViewState } from "@deckhand/client";
import { client } from "../server.ts";

/** Follows the conversation while the component is there. */
export function useView(conversation: string): ViewState {
  const view = useMemo(() => client.view(conversation), [conversation]);
  return useSyncExternalStore(view.subscribe, view.current);
}
