import { useMemo, useState } from "react";
import { DiffIcon, SyncIcon } from "@primer/octicons-react";
import { DeckhandError } from "@deckhand/protocol";
import { conversationUrl, navigate, useRoute } from "../../urls.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Select, type SelectChoice } from "../../ui/select.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { formatExactTime } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { ChangedFile } from "./changed-file.tsx";
import { lastChange, moments } from "./moments.ts";
import { useDiff } from "./use-diff.ts";

/** Up to this many files are expanded at first. */
const openAtFirst = 12;
const splitKey = "deckhand.diff.split";

/** Changes in the workspace since the task started, or between two points. */
export function ChangesTab({ conversation, snapshot: { events, state }, at }: WorkTabProps) {
  const t = useMessages();
  const route = useRoute();
  const query = route.page === "conversation" ? route.query : new URLSearchParams();
  const [split, setSplit] = useState(() => localStorage.getItem(splitKey) === "true");
  const from = numberIn(query, "from");
  // An earlier state that is viewed is also the end of the comparison.
  const to = numberIn(query, "to") ?? at;
  const hasPast = state.checkpoint !== null;
  const points = useMemo(() => moments(events), [events]);
  const { data, error, isFetching, refetch } = useDiff(conversation, { from, to }, lastChange(events), hasPast);

  const choose = (range: { readonly from?: number | undefined; readonly to?: number | undefined }): void => {
    const next = { from, to: numberIn(query, "to"), ...range };
    // The latest state is not in the URL; a viewed earlier state stays in it.
    const entries = Object.entries(next).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    navigate(
      conversationUrl(conversation, {
        tab: "changes",
        query: { ...Object.fromEntries(entries), ...(at === undefined ? {} : { at: String(at) }) },
      }),
      { replace: true },
    );
  };
  const openFile = (path: string): void =>
    navigate(conversationUrl(conversation, { tab: "files", query: { file: path } }));
  const choices: readonly SelectChoice<string>[] = points.map(({ id, label, timestamp }) => ({
    value: String(id),
    label: formatExactTime(timestamp),
    description: label.length > 90 ? `${label.slice(0, 89)}…` : label,
  }));

  /** A point from the URL that is not among the choices. */
  const unlisted = (id: number | undefined): readonly SelectChoice<string>[] => {
    const event = id === undefined ? undefined : events[id];
    if (event === undefined || points.some((each) => each.id === id)) return [];
    return [{ value: String(id), label: formatExactTime(event.timestamp) }];
  };

  const isEarly = !hasPast || (error instanceof DeckhandError && error.code === "no_checkpoint");
  const failed = data === undefined && (error !== null || !hasPast);
  return (
    <>
      <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-1 border-b border-line px-2 py-1">
        <Select
          size="small"
          quiet
          label={t.work.changes.from}
          value={from === undefined ? "" : String(from)}
          choices={[{ value: "", label: t.work.changes.taskStart }, ...unlisted(from), ...choices]}
          onChange={(value) => choose({ from: value === "" ? undefined : Number(value) })}
        />
        <span aria-hidden="true" className="text-xs text-muted">
          →
        </span>
        <Select
          size="small"
          quiet
          label={t.work.changes.to}
          value={to === undefined ? "" : String(to)}
          choices={[{ value: "", label: t.work.changes.now }, ...unlisted(to), ...choices]}
          onChange={(value) => choose({ to: value === "" ? undefined : Number(value) })}
        />
        <span className="ml-auto flex items-center gap-1">
          {data !== undefined && data.changed_files > 0 && (
            <span role="status" className="px-1 text-xs text-muted tabular-nums">
              {t.common.files(data.changed_files)} <span className="text-good">+{data.added_lines}</span>{" "}
              <span className="text-bad">−{data.deleted_lines}</span>
            </span>
          )}
          <Button
            size="small"
            tone="quiet"
            aria-pressed={split}
            onClick={() => {
              localStorage.setItem(splitKey, String(!split));
              setSplit(!split);
            }}
          >
            {t.work.changes.sideBySide}
          </Button>
          <IconButton
            icon={SyncIcon}
            size="small"
            label={t.work.changes.refresh}
            disabled={isFetching}
            onClick={() => void refetch()}
          />
        </span>
      </div>
      {failed ? (
        <EmptyState icon={DiffIcon} title={isEarly ? t.work.changes.notReady : t.app.partFailed}>
          {isEarly ? t.work.changes.emptyDescription : error?.message}
        </EmptyState>
      ) : data === undefined ? (
        <Skeleton lines={6} />
      ) : data.files.length === 0 ? (
        <EmptyState icon={DiffIcon} title={t.work.changes.empty}>
          {t.work.changes.emptyDescription}
        </EmptyState>
      ) : (
        <div tabIndex={0} aria-label={t.work.tabs.changes} role="region" className="min-h-0 flex-1 overflow-y-auto">
          {data.files.map((file) => (
            <ChangedFile
              key={`${data.from} ${file.path}`}
              file={file}
              split={split}
              open={data.files.length <= openAtFirst}
              onOpenFile={openFile}
            />
          ))}
          {data.truncated && (
            <p className="px-4 py-3 text-xs text-muted">{t.work.changes.moreFiles(data.changed_files)}</p>
          )}
          {data.excluded.ignored + data.excluded.large + data.excluded.unreadable > 0 && (
            <p className="px-4 py-3 text-xs text-muted">
              {t.work.changes.excluded(data.excluded.ignored, data.excluded.large, data.excluded.unreadable)}
            </p>
          )}
        </div>
      )}
    </>
  );
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
