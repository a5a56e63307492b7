/** The one client of the page, and what of it components watch. */
import { useEffect, useSyncExternalStore } from "react";
import { useQuery } from "@tanstack/react-query";
import { connect, type Health, type ConnectionStatus } from "@deckhand/client";

export const client = connect({ url: new URL(import.meta.env.BASE_URL, location.href) });

export function useConnectionStatus(): ConnectionStatus {
  return useSyncExternalStore(client.onStatus, () => client.status);
}

/** What the server says of itself; asked again whenever the connection is back, for it may be another server. */
export function useHealth(): { readonly health: Health | undefined; readonly look: () => void } {
  const { state } = useConnectionStatus();
  const { data, refetch } = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => client.health(signal),
    enabled: state === "open",
  });
  useEffect(() => {
    if (state === "open") void refetch();
  }, [state, refetch]);
  return { health: data, look: () => void refetch() };
}
