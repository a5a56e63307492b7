import { useEffect, useState } from "react";
import { Spinner } from "../ui/progress.tsx";
import { useStatus } from "../server.ts";
import { useMessages } from "../i18n/i18n.ts";
import { statusWords, useNow } from "./connection.tsx";

/** A blink of the network is nobody's business. */
const quietMs = 2_000;

/** Told above everything while the server is away; what is on the page is what was known then. Goes by itself. */
export function Away() {
  const t = useMessages();
  const status = useStatus();
  const isAway = status.state !== "open";
  const [told, setTold] = useState(false);
  const now = useNow(isAway);
  useEffect(() => {
    const timer = setTimeout(() => setTold(isAway), isAway ? quietMs : 0);
    return () => clearTimeout(timer);
  }, [isAway]);
  if (!told || !isAway) return null;
  return (
    <p className="flex items-center justify-center gap-2 bg-info-soft px-4 py-1 text-center text-xs text-info">
      {status.state !== "closed" && <Spinner size={12} />}
      {statusWords(status, now, t)} {status.state !== "closed" && t.app.offlineDescription}
    </p>
  );
}
