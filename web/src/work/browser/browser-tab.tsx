import { useMemo, useState } from "react";
import { ChevronLeftIcon, ChevronRightIcon, GlobeIcon, LinkExternalIcon } from "@primer/octicons-react";
import { escapeInvisible } from "@deckhand/protocol";
import { Badge } from "../../ui/badge.tsx";
import { buttonClass, IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Spinner } from "../../ui/progress.tsx";
import { Select } from "../../ui/select.tsx";
import { formatTime } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { visits } from "./visits.ts";

/** Pages as the agent saw them: nothing is requested again and nothing in them runs. */
export function BrowserTab({ snapshot: { events } }: WorkTabProps) {
  const t = useMessages();
  const all = useMemo(() => visits(events), [events]);
  const [chosen, setChosen] = useState<number>();
  const found = all.findIndex(({ id }) => id === chosen);
  const at = found === -1 ? all.length - 1 : found;
  const visit = all[at];
  if (visit === undefined) {
    return (
      <EmptyState icon={GlobeIcon} title={t.work.browser.empty}>
        {t.work.browser.emptyDescription}
      </EmptyState>
    );
  }
  const { page, failure } = visit;
  const url = page?.url ?? visit.asked;
  const follow = (next: number): void => setChosen(next === all.length - 1 ? undefined : all[next]?.id);
  return (
    <>
      <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line px-2">
        <IconButton
          icon={ChevronLeftIcon}
          size="small"
          label={t.work.browser.previousPage}
          disabled={at === 0}
          onClick={() => follow(at - 1)}
        />
        <IconButton
          icon={ChevronRightIcon}
          size="small"
          label={t.work.browser.nextPage}
          disabled={at === all.length - 1}
          onClick={() => follow(at + 1)}
        />
        <p className="mx-1 flex h-6.5 min-w-0 flex-1 items-center gap-2 rounded-md bg-raised px-2 font-mono text-xs">
          <span className="min-w-0 truncate" title={escapeInvisible(url)}>
            {escapeInvisible(url)}
          </span>
        </p>
        {page !== undefined && <Badge tone={page.isError ? "bad" : "good"}>{page.status}</Badge>}
        {all.length > 1 && (
          <Select
            size="small"
            quiet
            label={t.work.browser.history}
            value={String(visit.id)}
            choices={all
              .map(({ id, timestamp, page: seen, asked }) => ({
                value: String(id),
                label: formatTime(timestamp),
                description: (seen?.title || asked).slice(0, 90),
              }))
              .toReversed()}
            onChange={(value) => setChosen(Number(value))}
          />
        )}
        {/^https?:\/\//.test(url) && (
          <a
            href={url}
            target="_blank"
            rel="noreferrer noopener"
            aria-label={t.common.openInNewTab}
            className={`${buttonClass("quiet", "small")} w-6.5 px-0!`}
          >
            <LinkExternalIcon size={14} />
          </a>
        )}
      </div>
      <div
        tabIndex={0}
        role="region"
        aria-label={page?.title || t.work.tabs.browser}
        className="min-h-0 flex-1 overflow-y-auto"
      >
        {page === undefined ? (
          failure === undefined ? (
            <p className="flex items-center gap-2 p-5 text-sm text-muted">
              <Spinner /> {t.common.loading}
            </p>
          ) : (
            <p role="alert" className="plain-text p-5 text-sm text-bad">
              {failure}
            </p>
          )
        ) : (
          <>
            {page.screenshot !== "" && (
              <img
                src={page.screenshot}
                alt={t.work.browser.screenshotOf(page.title || url)}
                className="w-full border-b border-line"
              />
            )}
            <article className="px-5 py-4">
              {page.title !== "" && <h3 className="pb-2 text-base font-semibold">{escapeInvisible(page.title)}</h3>}
              <p className="plain-text text-sm text-soft">{page.text}</p>
            </article>
          </>
        )}
      </div>
    </>
  );
}
