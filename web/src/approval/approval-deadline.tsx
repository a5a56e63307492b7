import { ClockIcon } from "@primer/octicons-react";
import { useNow } from "../shell/use-now.ts";
import { formatDuration, formatTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** How long there is time to answer, and what happens then. */
export function ApprovalDeadline({ until }: { readonly until: string }) {
  const t = useMessages();
  const now = useNow(true);
  const leftMs = Math.max(0, Date.parse(until) - now);
  if (Number.isNaN(leftMs)) return null;
  const isShort = leftMs < 60_000;
  const left = formatDuration(
    leftMs < 120_000 ? Math.round(leftMs / 1000) * 1000 : Math.round(leftMs / 60_000) * 60_000,
  );
  return (
    <p className={`flex items-center gap-1.5 text-xs ${isShort ? "font-medium text-bad" : "text-muted"}`}>
      <ClockIcon size={12} />
      <time dateTime={until} title={formatTime(until)}>
        {t.approval.autoDenied(left, formatTime(until))}
      </time>
    </p>
  );
}
