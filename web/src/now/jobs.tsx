import type { RunningJob } from "@deckhand/protocol";

interface JobsProps {
  readonly jobs: readonly RunningJob[];
  readonly onEnd: (id: string) => void;
}

/** What runs in the background, each with a way to end it. */
export function Jobs({ jobs, onEnd }: JobsProps) {
  if (jobs.length === 0) return null;
  return (
    <ul aria-label="Jobs" className="max-h-32 overflow-auto px-1 text-sm">
      {jobs.map(({ id, command }) => (
        <li key={id} className="flex items-center gap-2 py-0.5">
          <span className="shrink-0 text-muted">Job {id}</span>
          <code className="min-w-0 flex-1 truncate font-mono text-[13px] text-muted">{command.trim()}</code>
          <button type="button" className="shrink-0 py-0" aria-label={`End job ${id}`} onClick={() => onEnd(id)}>
            End
          </button>
        </li>
      ))}
    </ul>
  );
}
