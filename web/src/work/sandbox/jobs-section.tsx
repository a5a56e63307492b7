import { useMemo, useState } from "react";
import { EyeIcon, KebabHorizontalIcon, SquareFillIcon } from "@primer/octicons-react";
import { jobSignals, escapeInvisible, type Event, type RunningJob } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { IconButton } from "../../ui/button.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { formatRelativeTime } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import { jobScreens } from "./job-screens.ts";

interface JobsSectionProps {
  readonly conversation: string;
  readonly jobs: readonly RunningJob[];
  readonly events: readonly Event[];
}

/** Background processes, each with its latest output, signals and a stop button. */
export function JobsSection({ conversation, jobs, events }: JobsSectionProps) {
  const t = useMessages();
  const screens = useMemo(() => jobScreens(events), [events]);
  const [open, setOpen] = useState<string>();
  const job = (id: string, args: { readonly signal?: (typeof jobSignals)[number] } = {}): void => {
    client.send(conversation, "job", { id, ...args }).catch(toastFailure);
  };
  if (jobs.length === 0) return <p className="text-sm text-muted">{t.work.sandbox.noProcesses}</p>;
  return (
    <ul className="flex flex-col gap-2">
      {jobs.map(({ id, command, since }) => (
        <li key={id} className="rounded-lg border border-line bg-panel">
          <div className="flex items-center gap-1 py-1 pr-1 pl-3">
            <button
              type="button"
              aria-expanded={open === id}
              className="flex min-w-0 flex-1 items-baseline gap-2 py-1 text-left"
              onClick={() => setOpen(open === id ? undefined : id)}
            >
              <span className="text-xs text-muted">{id}</span>
              <code className="min-w-0 flex-1 truncate text-xs">{escapeInvisible(command.trim())}</code>
              <span className="shrink-0 text-2xs text-muted">{formatRelativeTime(since)}</span>
            </button>
            <IconButton
              icon={EyeIcon}
              size="small"
              label={t.work.sandbox.checkProcess(id)}
              onClick={() => {
                setOpen(id);
                job(id);
              }}
            />
            <IconButton
              icon={SquareFillIcon}
              size="small"
              label={t.work.sandbox.stopProcess(id)}
              onClick={() => job(id, { signal: "KILL" })}
            />
            <Menu trigger={<IconButton icon={KebabHorizontalIcon} size="small" label={t.work.sandbox.signals} />}>
              {jobSignals.map((signal) => (
                <MenuItem key={signal} onChoose={() => job(id, { signal })}>
                  SIG{signal}
                </MenuItem>
              ))}
            </Menu>
          </div>
          {open === id && (
            <pre
              tabIndex={0}
              aria-label={t.work.sandbox.outputOfProcess(id)}
              className="max-h-64 overflow-auto border-t border-line bg-code px-3 py-2 text-xs"
            >
              {screens.get(id)?.trimEnd() || t.work.sandbox.noOutput}
            </pre>
          )}
        </li>
      ))}
    </ul>
  );
}
