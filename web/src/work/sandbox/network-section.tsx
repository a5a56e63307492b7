import { useMemo } from "react";
import { useQuery } from "@tanstack/react-query";
import { escapeInvisible, type Event } from "@deckhand/protocol";
import { blockedHosts } from "../../network/blocked.ts";
import { client } from "../../server.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { formatDuration, formatSize, formatTime } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";

interface NetworkSectionProps {
  readonly conversation: string;
  readonly events: readonly Event[];
  readonly allowed: readonly string[];
}

const pollMs = 5000;
const maxConnections = 50;

/** Connections that commands made, blocked hosts and hosts that the user allowed. */
export function NetworkSection({ conversation, events, allowed }: NetworkSectionProps) {
  const t = useMessages();
  const { data } = useQuery({
    queryKey: ["network", conversation],
    queryFn: ({ signal }) => client.network(conversation, signal),
    refetchInterval: pollMs,
    retry: false,
  });
  const blocked = useMemo(() => blockedHosts(events, allowed), [events, allowed]);
  const allow = (host: string, isAllowed: boolean): void => {
    client.send(conversation, "allow_host", { host, allowed: isAllowed }).catch(toastFailure);
  };
  const last = (data?.connections ?? []).slice(0, maxConnections);
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm text-muted">{t.work.sandbox.networkModes[modeOf(data?.mode)]}</p>
      {blocked.length > 0 && (
        <ul aria-label={t.work.sandbox.blockedHosts} className="flex flex-col gap-1">
          {blocked.map(({ rule, refusal }) => (
            <li key={rule} className="flex items-center gap-2 rounded-lg bg-warn-soft py-1.5 pr-1.5 pl-3 text-sm">
              <span
                className="min-w-0 flex-1 truncate"
                title={t.composer.blockReasons[refusal.reason](`${refusal.host}:${refusal.port}`)}
              >
                <code className="text-xs">{escapeInvisible(rule)}</code>
              </span>
              <Button size="small" onClick={() => allow(rule, true)}>
                {t.work.sandbox.allow}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {allowed.length > 0 && (
        <ul aria-label={t.work.sandbox.allowedHosts} className="flex flex-col gap-1">
          {allowed.map((host) => (
            <li key={host} className="flex items-center gap-2 text-sm">
              <Badge tone="good">{t.work.sandbox.allowed}</Badge>
              <code className="min-w-0 flex-1 truncate text-xs">{escapeInvisible(host)}</code>
              <Button size="small" tone="quiet" onClick={() => allow(host, false)}>
                {t.work.sandbox.revoke}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {last.length > 0 && (
        <div className="overflow-x-auto">
          <table aria-label={t.work.sandbox.connections} className="w-full text-left text-xs">
            <thead className="text-2xs text-muted">
              <tr className="border-b border-line">
                <th scope="col" className="py-1 font-medium">
                  {t.work.sandbox.time}
                </th>
                <th scope="col" className="font-medium">
                  {t.work.sandbox.host}
                </th>
                <th scope="col" className="font-medium">
                  {t.work.sandbox.rule}
                </th>
                <th scope="col" className="text-right font-medium">
                  ↑
                </th>
                <th scope="col" className="text-right font-medium">
                  ↓
                </th>
                <th scope="col" className="text-right font-medium">
                  {t.work.sandbox.duration}
                </th>
              </tr>
            </thead>
            <tbody className="tabular-nums">
              {last.map((each) => (
                <tr key={`${each.started_at} ${each.host} ${each.up_bytes}`} className="border-b border-line/60">
                  <td className="py-1 pr-3 text-muted">{formatTime(each.started_at)}</td>
                  <td className="max-w-44 truncate pr-3 font-mono" title={each.address}>
                    {escapeInvisible(each.host)}:{each.port}
                  </td>
                  <td className="max-w-28 truncate pr-3 font-mono text-muted">{escapeInvisible(each.rule)}</td>
                  <td className="pr-2 text-right">{formatSize(each.up_bytes)}</td>
                  <td className="pr-2 text-right">{formatSize(each.down_bytes)}</td>
                  <td className="text-right text-muted">
                    {each.open ? t.work.sandbox.connectionOpen : formatDuration(each.duration_ms)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function modeOf(mode: string | null | undefined): "off" | "allow" | "on" | "none" {
  return mode === "off" || mode === "allow" || mode === "on" ? mode : "none";
}
