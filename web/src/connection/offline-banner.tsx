import { useEffect, useState } from "react";
import { Spinner } from "../ui/progress.tsx";
import { useConnectionStatus } from "../server.ts";
import { useNow } from "../shell/use-now.ts";
import { useMessages } from "../i18n/i18n.ts";
import { connectionLabel } from "./connection-indicator.tsx";

/** Short interruptions are not shown. */
const showDelayMs = 2_000;

/** Shown above every page while the server cannot be reached; the page then shows the last known state. */
export function OfflineBanner() {
  const t = useMessages();
  const status = useConnectionStatus();
  const isOffline = status.state !== "open";
  const [isShown, setShown] = useState(false);
  const now = useNow(isOffline);
  useEffect(() => {
    const timer = setTimeout(() => setShown(isOffline), isOffline ? showDelayMs : 0);
    return () => clearTimeout(timer);
  }, [isOffline]);
  if (!isShown || !isOffline) return null;
  return (
    <p className="flex items-center justify-center gap-2 bg-info-soft px-4 py-1 text-center text-xs text-info">
      {status.state !== "closed" && <Spinner size={12} />}
      {connectionLabel(status, now, t)} {status.state !== "closed" && t.app.offlineDescription}
    </p>
  );
}
