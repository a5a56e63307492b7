import { useMemo } from "react";
import { CheckCircleFillIcon, CircleIcon, DotFillIcon, TasklistIcon } from "@primer/octicons-react";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Progress } from "../../ui/progress.tsx";
import { formatTime } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { lastPlan } from "./plan.ts";

const marks = { done: CheckCircleFillIcon, in_progress: DotFillIcon, todo: CircleIcon } as const;
const tones = { done: "text-good", in_progress: "text-accent", todo: "text-strong" } as const;

/** The agent's to-do list and its progress. */
export function PlanTab({ snapshot: { events } }: WorkTabProps) {
  const t = useMessages();
  const plan = useMemo(() => lastPlan(events), [events]);
  if (plan === undefined || plan.tasks.length === 0) {
    return (
      <EmptyState icon={TasklistIcon} title={t.work.plan.empty}>
        {t.work.plan.emptyDescription}
      </EmptyState>
    );
  }
  const done = plan.tasks.filter(({ status }) => status === "done").length;
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-y-auto px-5 py-4">
      <div className="flex items-center gap-3 pb-3 text-xs text-muted">
        <span role="status" className="shrink-0 tabular-nums">
          {t.work.plan.tasksDone(done, plan.tasks.length)}
        </span>
        <Progress label={t.work.plan.tasksDone(done, plan.tasks.length)} value={done / plan.tasks.length} />
        <span className="shrink-0">{formatTime(plan.timestamp)}</span>
      </div>
      <ol className="flex flex-col gap-0.5">
        {plan.tasks.map(({ title, status }, at) => {
          const Mark = marks[status];
          return (
            <li
              key={`${at} ${title}`}
              className={`flex items-start gap-2.5 rounded-md px-2 py-1.5 ${status === "in_progress" ? "bg-accent-soft" : ""}`}
            >
              <span className={`mt-0.5 ${tones[status]}`}>
                <Mark size={16} />
              </span>
              <span className={`plain-text min-w-0 flex-1 ${status === "done" ? "text-muted" : ""}`}>
                {title}
                <span className="sr-only"> ({t.actions.taskStates[status]})</span>
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
