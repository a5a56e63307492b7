import { useEffect, useState } from "react";
import type { Status } from "@deckhand/client";
import { useStatus } from "../server.ts";

/** How the connection is, told quietly. */
export function Connection() {
  const status = useStatus();
  const now = useNow(status.state === "waiting");
  const { dot, words } = describe(status, now);
  return (
    <p role="status" className="flex items-center gap-2 text-xs text-muted">
      <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${dot}`} />
      {words}
    </p>
  );
}

function describe(status: Status, now: number): { dot: string; words: string } {
  switch (status.state) {
    case "open":
      return { dot: "bg-good", words: "Connected" };
    case "connecting":
      return { dot: "bg-warn animate-pulse", words: "Connecting…" };
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((status.nextTryAt - now) / 1000));
      return { dot: "bg-warn", words: `No connection. Next try in ${seconds} s` };
    }
    case "closed":
      return { dot: "bg-bad", words: status.why?.message ?? "Closed" };
  }
}

/** The time, each second while it matters; what it was last when it does not. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
