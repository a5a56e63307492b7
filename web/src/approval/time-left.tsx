import { ClockIcon } from "@primer/octicons-react";
import { useNow } from "../connection/connection.tsx";
import { durationText, timeText } from "../words/amounts.ts";
import { useWords } from "../words/words.ts";

/** How long there is time to answer, and what happens then. */
export function TimeLeft({ until }: { readonly until: string }) {
  const { people: words } = useWords();
  const now = useNow(true);
  const leftMs = Math.max(0, Date.parse(until) - now);
  if (Number.isNaN(leftMs)) return null;
  const isShort = leftMs < 60_000;
  const left = durationText(leftMs < 120_000 ? Math.round(leftMs / 1000) * 1000 : Math.round(leftMs / 60_000) * 60_000);
  return (
    <p className={`flex items-center gap-1.5 text-xs ${isShort ? "font-medium text-bad" : "text-muted"}`}>
      <ClockIcon size={12} />
      <time dateTime={until} title={timeText(until)}>
        {words.deniedIn(left, timeText(until))}
      </time>
    </p>
  );
}
