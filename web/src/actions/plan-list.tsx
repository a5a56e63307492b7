import { CheckCircleFillIcon, CircleIcon, DotFillIcon } from "@primer/octicons-react";
import type { ObservationExtras } from "@deckhand/protocol";
import { useMessages } from "../i18n/i18n.ts";

/** The tasks of a plan with their states. */
export function PlanList({ tasks }: { readonly tasks: ObservationExtras<"plan">["tasks"] }) {
  const t = useMessages();
  const looks = {
    todo: { Icon: CircleIcon, colour: "text-strong", name: t.actions.taskStates.todo },
    in_progress: { Icon: DotFillIcon, colour: "text-accent breathe", name: t.actions.taskStates.in_progress },
    done: { Icon: CheckCircleFillIcon, colour: "text-good", name: t.actions.taskStates.done },
  } as const;
  return (
    <ul
      aria-label={t.actions.plan}
      className="flex flex-col gap-1 rounded-lg border border-line bg-panel px-3 py-2 text-sm"
    >
      {tasks.map(({ title, status }) => {
        const { Icon, colour, name } = looks[status];
        return (
          <li key={title} className={`flex gap-2 ${status === "done" ? "text-muted" : ""}`}>
            <span className={`mt-0.5 shrink-0 ${colour}`}>
              <Icon size={14} />
            </span>
            <span className="sr-only">{name}: </span>
            <span className="min-w-0 break-words">{title}</span>
          </li>
        );
      })}
    </ul>
  );
}
