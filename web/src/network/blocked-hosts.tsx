import { useMemo, useState } from "react";
import type { ViewState } from "@deckhand/client";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { blockedHosts } from "./blocked.ts";

interface BlockedHostsProps {
  readonly snapshot: ViewState;
  /** Rejects if the host is already allowed. */
  readonly onAllow: (host: string) => Promise<unknown>;
}

/** Hosts that a command could not reach, each with a button that allows it. */
export function BlockedHosts({ snapshot: { events, state }, onAllow }: BlockedHostsProps) {
  const t = useMessages();
  const [dismissed, setDismissed] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState("");
  const blocked = useMemo(() => blockedHosts(events, state.allowedHosts), [events, state.allowedHosts]);
  const shown = blocked.filter(({ rule }) => !dismissed.includes(rule));
  if (shown.length === 0) return null;
  return (
    <section aria-label={t.composer.blockedHosts} className="mb-2 rounded-xl border border-line bg-panel p-3 text-sm">
      {shown.map(({ rule, refusal }) => (
        <p key={rule} className="flex flex-wrap items-center gap-2 py-0.5">
          <span
            className="min-w-0 flex-1 truncate"
            title={t.composer.blockReasons[refusal.reason](`${refusal.host}:${refusal.port}`)}
          >
            {t.composer.blockedHost} <code>{rule}</code>
          </span>
          <Button size="small" onClick={() => onAllow(rule).catch((error: Error) => setFailure(error.message))}>
            {t.approval.allowForConversation}
          </Button>
          <Button size="small" onClick={() => setDismissed([...dismissed, rule])}>
            {t.composer.dismiss}
          </Button>
        </p>
      ))}
      {failure !== "" && (
        <p role="alert" className="text-bad">
          {failure}
        </p>
      )}
    </section>
  );
}
