import { ClockIcon } from "@primer/octicons-react";
import { useNow } from "../shell/use-now.ts";
import { formatDuration, formatTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** The time left to answer, and what happens afterwards. */
export function ApprovalDeadline({ until }: { readonly until: string }) {
  const t = useMessages();
  const now = useNow(true);
  const remainingMs = Math.max(0, Date.parse(until) - now);
  if (Number.isNaN(remainingMs)) return null;
  const isShort = remainingMs < 60_000;
  const remaining = formatDuration(
    remainingMs < 120_000 ? Math.round(remainingMs / 1000) * 1000 : Math.round(remainingMs / 60_000) * 60_000,
  );
  return (
    <p className={`flex items-center gap-1.5 text-xs ${isShort ? "font-medium text-bad" : "text-muted"}`}>
      <ClockIcon size={12} />
      <time dateTime={until} title={formatTime(until)}>
        {t.approval.autoDenied(remaining, formatTime(until))}
      </time>
    </p>
  );
}
