import { useEffect, useState } from "react";
import type { Status } from "@deckhand/client";
import { useStatus } from "../server.ts";
import { useWords, type Words } from "../words/words.ts";

/** How the connection is, told quietly. */
export function Connection() {
  const { shell } = useWords();
  const status = useStatus();
  const now = useNow(status.state === "waiting");
  const { dot, words } = describe(status, now, shell);
  return (
    <p role="status" className="flex items-center gap-2 px-2.5 text-xs text-muted">
      <span aria-hidden="true" className={`size-1.5 shrink-0 rounded-full ${dot}`} />
      {words}
    </p>
  );
}

function describe(status: Status, now: number, shell: Words["shell"]): { dot: string; words: string } {
  switch (status.state) {
    case "open":
      return { dot: "bg-good", words: shell.connected };
    case "connecting":
      return { dot: "breathe bg-warn", words: shell.connecting };
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((status.nextTryAt - now) / 1000));
      return { dot: "bg-warn", words: shell.noConnection(seconds) };
    }
    case "closed":
      return { dot: "bg-bad", words: status.why?.message ?? shell.closed };
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
