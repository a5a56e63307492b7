/** The client that all components share, and hooks for its state. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useQuery } from "@tanstack/react-query";
import { connect, type ConnectionStatus, type Health, type ViewState } from "@deckhand/client";

export const client = connect({ url: new URL(import.meta.env.BASE_URL, location.href) });

export function useConnectionStatus(): ConnectionStatus {
  return useSyncExternalStore(client.onStatus, () => client.status);
}

/** Health of the server. Loaded again after each reconnect, since another server may answer then. */
export function useHealth(): { readonly health: Health | undefined; readonly reload: () => void } {
  const { state } = useConnectionStatus();
  const { data, refetch } = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => client.health(signal),
    enabled: state === "open",
  });
  useEffect(() => {
    if (state === "open") void refetch();
  }, [state, refetch]);
  return { health: data, reload: () => void refetch() };
}

/** Follows a conversation while the component is mounted. */
export function useConversationView(conversation: string): ViewState {
  const view = useMemo(() => client.view(conversation), [conversation]);
  return useSyncExternalStore(view.subscribe, view.current);
}
