import { ProjectRoadmapIcon } from "@primer/octicons-react";
import type { RunningJob } from "@deckhand/protocol";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface BackgroundProcessesProps {
  readonly jobs: readonly RunningJob[];
  readonly onStop: (id: string) => void;
}

/** The background processes of the conversation, each with a button that stops it. */
export function BackgroundProcesses({ jobs, onStop }: BackgroundProcessesProps) {
  const t = useMessages();
  if (jobs.length === 0) return null;
  return (
    <ul
      aria-label={t.composer.backgroundProcesses}
      className="mb-1 max-h-32 overflow-auto rounded-lg border border-line bg-panel px-2 py-1 text-sm"
    >
      {jobs.map(({ id, command }) => (
        <li key={id} className="flex h-7 items-center gap-2">
          <span className="breathe text-accent">
            <ProjectRoadmapIcon size={14} />
          </span>
          <span className="shrink-0 text-muted">{t.composer.backgroundProcess}</span>
          <code className="min-w-0 flex-1 truncate text-soft">{command.trim()}</code>
          <Button size="small" tone="quiet" aria-label={t.composer.stopProcess(id)} onClick={() => onStop(id)}>
            {t.common.stop}
          </Button>
        </li>
      ))}
    </ul>
  );
}
