import { useEffect, useState } from "react";
import { Spinner } from "../ui/progress.tsx";
import { useConnectionStatus } from "../server.ts";
import { useMessages } from "../i18n/i18n.ts";
import { connectionLabel, useNow } from "./connection-indicator.tsx";

/** A blink of the network is nobody's business. */
const showDelayMs = 2_000;

/** Told above everything while the server is away; what is on the page is what was known then. Goes by itself. */
export function OfflineBanner() {
  const t = useMessages();
  const status = useConnectionStatus();
  const isAway = status.state !== "open";
  const [told, setTold] = useState(false);
  const now = useNow(isAway);
  useEffect(() => {
    const timer = setTimeout(() => setTold(isAway), isAway ? showDelayMs : 0);
    return () => clearTimeout(timer);
  }, [isAway]);
  if (!told || !isAway) return null;
  return (
    <p className="flex items-center justify-center gap-2 bg-info-soft px-4 py-1 text-center text-xs text-info">
      {status.state !== "closed" && <Spinner size={12} />}
      {connectionLabel(status, now, t)} {status.state !== "closed" && t.app.offlineDescription}
    </p>
  );
}
