/** The one client of the page, and what of it components watch. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { connect, type Health, type Status } from "@deckhand/client";

export const client = connect({ url: new URL(import.meta.env.BASE_URL, location.href) });

export function useStatus(): Status {
  return useSyncExternalStore(client.onStatus, () => client.status);
}

/** What the server says of itself; asked again whenever the connection is back, for it may be another server. */
export function useHealth(): Health | undefined {
  const [health, setHealth] = useState<Health>();
  const { state } = useStatus();
  useEffect(() => {
    if (state !== "open") return;
    const gone = new AbortController();
    client.health(gone.signal).then(setHealth, () => {
      // The connection's own state tells the person enough.
    });
    return () => gone.abort();
  }, [state]);
  return health;
}
